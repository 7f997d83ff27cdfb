"""The scripts that prepare a machine: they say what for, and leave a prepared machine alone."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.peers.process import missing
from tests.peers.virtual_camera import PYTHON, ROOT

PACKAGES = ROOT / "scripts/debian-packages.sh"
UNKNOWN = "camkeeper-test-of-a-missing-package"


def run(*command: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **({"PATH": path} if path else {})}
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, timeout=120, env=env)


def with_a_missing_package(folder: Path) -> Path:
    script = folder / "packages.sh"
    script.write_text(PACKAGES.read_text().replace('"snmpd|', f'"{UNKNOWN}|'))
    script.chmod(0o755)
    return script


def test_a_prepared_machine_is_left_alone(tmp_path: Path) -> None:
    if run(PACKAGES, "--test", "--check").returncode:
        missing("Debian packages are missing: scripts/debian-packages.sh --test")
    # Without apt-get, sudo and tee on the path nothing can be installed or fetched.
    for name in ("bash", "dpkg-query", "id"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    done = run("bash", PACKAGES, "--test", path=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "均已安装" in done.stdout


def test_what_is_missing_is_named_with_its_purpose(tmp_path: Path) -> None:
    done = run(with_a_missing_package(tmp_path), "--test", "--check")
    assert done.returncode == 1
    assert UNKNOWN in done.stdout
    assert "SNMP" in done.stdout
    assert UNKNOWN in done.stderr


def test_without_root_and_sudo_the_command_is_told(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("becoming another user wants root")
    script = with_a_missing_package(tmp_path).read_text()
    other = [shutil.which("setpriv") or "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    # Not tmp_path: another user may not enter pytest's own folder.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in ("bash", "dpkg-query", "id"):
            Path(folder, name).symlink_to(shutil.which(name) or name)
        done = subprocess.run(
            [*other, "bash", "-s", "--", "--test"],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"PATH": folder},
            cwd="/",
        )
    assert done.returncode == 1, done.stderr
    assert "没有 sudo" in done.stderr
    assert f"apt-get install --no-install-recommends {UNKNOWN}" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--all"]])
def test_a_wrong_call_is_told(arguments: list[str]) -> None:
    done = run(PACKAGES, *arguments)
    assert done.returncode == 2
    assert "--run" in done.stderr


def test_the_ipycam_environment_is_built_once() -> None:
    if not PYTHON.exists():
        missing("the ipycam environment is not built: scripts/peer-ipycam.sh")
    if os.geteuid() != 0:
        pytest.skip("a network namespace wants root")
    # In a namespace with no network: a second run fetches nothing.
    done = run("unshare", "-n", ROOT / "scripts/peer-ipycam.sh")
    assert done.returncode == 0, done.stderr
    assert "已就绪" in done.stdout
