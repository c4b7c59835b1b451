#!/usr/bin/env bash
# Gradescope runs this once, as root, when it makes the assignment's image.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
place=/opt/proctor
export DEBIAN_FRONTEND=noninteractive UV_PYTHON_INSTALL_DIR="$place/python"

apt-get update
apt-get install -y --no-install-recommends ca-certificates libseccomp2 python3 python3-venv

# The Python that the course was packed with: the image's own may be older, and another gives other numbers.
python3 -m venv "$place/uv"
"$place/uv/bin/pip" install --quiet uv
"$place/uv/bin/uv" venv --seed --python @PYTHON@ "$place/venv"

# bubblewrap comes with the engine: that of the image may lack what the sandbox asks of it.
limits=()
[ ! -f "$here/course/requirements.lock" ] || limits=(-c "$here/course/requirements.lock")
"$place/venv/bin/pip" install --quiet --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
    "${limits[@]}" -r "$here/course/requirements.txt" "$here/engine"

# In the weaker of the two sandboxes, an account that owns nothing grades. Nobody else reads the solutions.
id proctor >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin proctor
chgrp -R proctor "$here"
chmod -R u=rwX,g=rX,o= "$here"
