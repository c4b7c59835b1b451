#!/usr/bin/env bash
# All of this course that has to be tried on a GPU, in one command, for docs/results.md:
#
#     benchmarks/on_gpu.sh --pack                          # before, where there is a network: wheels into dist/gpu-wheels
#     benchmarks/on_gpu.sh [--device cuda] [--minutes 9]   # on the machine with the GPU, which needs no network
#     benchmarks/on_gpu.sh --device cpu                    # a rehearsal, in which only the card is missing
#
# DLH_DATA names a folder with `fashion_mnist/` in it, where that was not downloaded.
# The Python that is found first on PATH, or named in PYTHON, has torch; what else is missing there comes from the
# wheels, into an environment of its own. Tables go to standard output, and to $OUT/on_gpu.md where OUT is set.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if [ "${1:-}" = --pack ]; then
  exec "$python" benchmarks/on_gpu.py "$@"
fi
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
# What `pip install -e` would leave there, for the hosts as well; not what lies beside torch, which stays as it is.
"$python" -m venv --system-site-packages --without-pip "$environment"
inside=$environment/bin/python
packages=$("$inside" -c 'import site; print(site.getsitepackages()[0])')
printf '%s\n' "$PWD/packages/dlh/src" "$PWD/packages/proctor/src" >"$packages/course.pth"
# A virtual environment that $python itself belongs to is not among its system's.
"$python" -c 'import site; print(*site.getsitepackages(), sep="\n")' >"$packages/outer.pth"
"$inside" benchmarks/on_gpu.py --unpack "$packages"
"$inside" benchmarks/on_gpu.py "$@" | tee "${OUT:-$environment}/on_gpu.md"
