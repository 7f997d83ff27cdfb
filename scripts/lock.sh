#!/usr/bin/env bash
# Pins every environment exactly, with hashes and without the address of any registry.
# Run after a change of the dependencies in pyproject.toml: `make lock`.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=.venv-lock
[ -x "$tools/bin/uv" ] || { python3 -m venv "$tools" && "$tools/bin/pip" -q install uv; }
compile() {
    out=$1; shift
    "$tools/bin/uv" pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --python-version 3.11 --upgrade "$@" -o "requirements/$out.lock"
    echo "wrote requirements/$out.lock"
}
compile run pyproject.toml --group build
compile oidc --group oidc --constraint requirements/run.lock
compile dev pyproject.toml --group build --group dev
for group in ipycam rival-onvif-zeep rival-onvif-zeep-async; do compile "$group" --group "$group"; done
