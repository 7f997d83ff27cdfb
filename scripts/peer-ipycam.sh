#!/usr/bin/env bash
# Builds .venv-ipycam, the environment of the virtual camera that tests meet. Idempotent: a stamp keeps the lock's
# digest, so a second run does nothing and needs no network. Its own environment, because it brings opencv-python.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=requirements/ipycam.lock
environment=.venv-ipycam
stamp=$environment/.lock-sha256
digest=$(sha256sum "$lock" | cut -d' ' -f1)
if [ -x "$environment/bin/python" ] && [ "$(cat "$stamp" 2> /dev/null || true)" = "$digest" ]; then
    echo "ipycam 环境已就绪 / The ipycam environment is ready: $environment"
    exit 0
fi
rm -rf "$environment"
"${PYTHON:-python3}" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
echo "$digest" > "$stamp"
echo "ipycam 环境已建立 / The ipycam environment is built: $environment"
