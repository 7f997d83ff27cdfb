#!/usr/bin/env bash
# Makes .venv from a lock with hashes: `setup.sh run` what the product needs, `setup.sh dev` the tools on top.
# Safe to repeat; a lock that did not change costs a second.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}
python=${PYTHON:-python3}

"$python" - <<'PY' || exit 1
import sys
if sys.version_info < (3, 11):
    sys.exit("错误：需要 Python 3.11 或更新版本。\nError: Python 3.11 or newer is needed; this is %s." % sys.version.split()[0])
PY
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    ./scripts/debian-packages.sh --run
fi
[ -x .venv/bin/python ] || { echo "建立虚拟环境 / creating .venv"; "$python" -m venv .venv; }
echo "安装依赖（锁定版本与哈希）/ installing the locked dependencies: requirements/$what.lock"
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "requirements/$what.lock" 2> >(grep -v '^WARNING: Location' >&2)
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 2> >(grep -v '^WARNING: Location' >&2)
# Once, half a minute: otherwise the first start computes coverage that much later. The kernels are kept beside the code;
# those of another version are of no use to anybody.
echo "编译覆盖计算内核 / compiling the coverage kernels"
kept=$(.venv/bin/python -P -c 'from camcover.jit import kept_in; from camcover.viewshed import warm_up; warm_up(); print(kept_in())')
find coverage/camcover/__pycache__ -maxdepth 1 -name 'kernels-*' ! -path "*/${kept##*/}" -exec rm -rf {} +
touch ".venv/.$what-ready"
[ "$what" != dev ] || touch .venv/.run-ready
