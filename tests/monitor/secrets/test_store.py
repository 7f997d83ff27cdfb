"""The sealed file: what is set comes back, whatever stops a rotation; nothing tampered with opens; no value shows."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camkeeper.config.secrets import SecretError, exposure, resolve
from camkeeper.model.equipment import Credential
from camkeeper.secrets import Places, SecretsError, Store, places_of

CANARY = "canary-7d21"
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), min_size=1, max_size=40).filter(
    lambda text: len(text.encode()) <= 200
)


def store_in(folder: Path) -> Store:
    return Store(places_of(folder, {}))


@given(kept=st.dictionaries(NAMES, VALUES, min_size=1, max_size=5), steps=st.integers(0, 4), again=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_a_rotation_that_stops_anywhere_leaves_everything_readable(
    kept: dict[str, str], steps: int, again: int
) -> None:
    with TemporaryDirectory() as name:
        store = store_in(Path(name))
        for key, value in kept.items():
            assert store.set(key, value, at_s=1_700_000_000) is False
        before = store.places.key.read_bytes()
        for _ in range(again + 1):
            for _step in islice(store.rotation(), steps):
                pass
            assert {entry.name: store.get(entry.name) for entry in store.entries()} == kept
            assert all(entry.set_s == 1_700_000_000 for entry in store.entries())
        assert store.rotate() == len(kept)
        assert {entry.name: store.get(entry.name) for entry in store.entries()} == kept
        keys = [line for line in store.places.key.read_bytes().splitlines() if not line.startswith(b"#")]
        assert len(keys) == 1
        assert keys[0] not in before


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
@settings(max_examples=80, deadline=None)
def test_a_flipped_bit_is_refused_or_harmless(place: int, bit: int) -> None:
    """A flip in a value's token never gives another value; one in a name or a blank loses a name, never a value."""
    with TemporaryDirectory() as name:
        store = store_in(Path(name))
        kept = {"one": "first", "two": "second"}
        for key, value in kept.items():
            store.set(key, value, at_s=1)
        data = bytearray(store.places.file.read_bytes())
        data[place % len(data)] ^= 1 << bit
        store.places.file.write_bytes(data)
        with contextlib.suppress(SecretsError):
            for entry in store.entries():
                with contextlib.suppress(SecretsError):
                    assert store.get(entry.name) == kept.get(entry.name)


def test_swapped_values_do_not_open(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.set("one", CANARY, at_s=1)
    store.set("two", "other", at_s=1)
    found = json.loads(store.places.file.read_bytes())
    one, two = found["secrets"]["one"], found["secrets"]["two"]
    found["secrets"] = {"one": two, "two": one}
    store.places.file.write_text(json.dumps(found), encoding="utf-8")
    for name in ("one", "two"):
        with pytest.raises(SecretsError, match="does not open") as caught:
            store.get(name)
        assert CANARY not in str(caught.value) + caught.value.zh


def test_modes_owner_and_no_value_in_any_file(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    old = os.umask(0)
    try:
        store.set("main", CANARY, at_s=1)
        store.rotate()
    finally:
        os.umask(old)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert CANARY.encode() not in path.read_bytes()
    assert CANARY not in repr(store) + repr(store.entries())


def test_remove_and_what_is_told(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert store.entries() == ()
    assert store.remove("main") is False
    store.set("main", "x", at_s=1)
    assert store.set("main", "y", at_s=2) is True
    with pytest.raises(SecretsError, match="run camkeeper secrets set other"):
        store.get("other")
    assert store.remove("main") is True
    assert store.entries() == ()


@pytest.mark.parametrize("value", ["", "a\nb", "a\0", "x" * 4097, "\ud800"])
def test_what_no_password_is(tmp_path: Path, value: str) -> None:
    with pytest.raises(SecretsError) as caught:
        store_in(tmp_path).set("main", value, at_s=1)
    assert not value or value not in str(caught.value)
    assert list(tmp_path.glob("camkeeper.secrets*")) == []


@pytest.mark.parametrize("name", ["", "-x", "a b", "p@55!", "x" * 65, "../up"])
def test_what_no_name_is_is_not_repeated(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecretsError) as caught:
        store_in(tmp_path).set(name, CANARY, at_s=1)
    assert not name or name not in str(caught.value) + caught.value.zh


def test_a_lost_a_wrong_and_a_broken_key(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.set("main", CANARY, at_s=1)
    key = store.places.key.read_bytes()
    store.places.key.unlink()
    for act in (lambda: store.get("main"), lambda: store.set("other", "x", at_s=1), store.rotate):
        with pytest.raises(SecretsError, match="there is no key"):
            act()
    store.places.key.write_bytes(b"# no key in here\n")
    with pytest.raises(SecretsError, match="is no key"):
        store.get("main")
    other = Store(Places(file=tmp_path / "else", key=tmp_path / "else.key"))
    other.set("x", "y", at_s=1)
    store.places.key.write_bytes((tmp_path / "else.key").read_bytes())
    for act in (lambda: store.get("main"), lambda: store.set("other", "x", at_s=1), store.rotate):
        with pytest.raises(SecretsError, match="does not open") as caught:
            act()
        assert CANARY not in str(caught.value)
    store.places.key.write_bytes(key)
    assert store.get("main") == CANARY
    assert [entry.name for entry in store.entries()] == ["main"]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"format": "camkeeper secrets 2", "secrets": {}}'])
def test_a_file_that_is_none(tmp_path: Path, data: bytes) -> None:
    store = store_in(tmp_path)
    store.places.file.write_bytes(data)
    for act in (store.entries, lambda: store.get("main"), lambda: store.set("main", "x", at_s=1)):
        with pytest.raises(SecretsError, match="no sealed file of this version"):
            act()
    assert store.places.file.read_bytes() == data


def test_places(tmp_path: Path) -> None:
    given_by_systemd = tmp_path / "credentials"
    given_by_systemd.mkdir()
    plain = places_of(tmp_path, {"CREDENTIALS_DIRECTORY": str(given_by_systemd)})
    assert plain == places_of(tmp_path, {})
    assert plain.key == tmp_path / "camkeeper.secrets.key"
    (given_by_systemd / "camkeeper.secrets.key").write_bytes(b"")
    places = places_of(tmp_path, {"CREDENTIALS_DIRECTORY": str(given_by_systemd)})
    assert places.given
    assert (places.file, places.key) == (plain.file, given_by_systemd / "camkeeper.secrets.key")
    (given_by_systemd / "camkeeper.secrets").write_bytes(b"")
    places = places_of(tmp_path, {"CREDENTIALS_DIRECTORY": str(given_by_systemd)})
    assert places.file == given_by_systemd / "camkeeper.secrets"
    named = places_of(tmp_path, {"CAMKEEPER_SECRETS": "/a/b", "CAMKEEPER_SECRETS_KEY": "/c/d"})
    assert named == Places(file=Path("/a/b"), key=Path("/c/d"))


def test_a_reference_in_the_configuration(tmp_path: Path) -> None:
    main = Credential(id="main", user="monitor", secret_ref="store:town")
    with pytest.raises(SecretError, match="credential main: the sealed file has no town"):
        resolve(main, tmp_path, {})
    store = store_in(tmp_path)
    store.set("town", CANARY, at_s=1)
    assert resolve(main, tmp_path, {}) == CANARY
    store.set("town", "other", at_s=2)
    assert resolve(main, tmp_path, {}) == "other"  # at once
    store.rotate()
    assert resolve(main, tmp_path, {}) == "other"
    assert exposure(main, tmp_path, {}) is None
    store.places.key.chmod(0o640)
    warning = exposure(main, tmp_path, {})
    assert warning is not None
    assert "camkeeper.secrets.key (mode 0640)" in warning.en


def test_readers_beside_rotations_always_get_the_value(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.set("main", CANARY, at_s=1)
    stop, wrong, reads = threading.Event(), list[str](), 0

    def turn() -> None:
        while not stop.is_set():
            store_in(tmp_path).rotate()

    worker = threading.Thread(target=turn)
    worker.start()
    try:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            value = store.get("main")
            reads += 1
            if value != CANARY:
                wrong.append(value)
    finally:
        stop.set()
        worker.join()
    assert not wrong
    assert reads > 50


KILLED = """
import sys
from pathlib import Path
from camkeeper.secrets import Store, places_of
store = Store(places_of(Path(sys.argv[1]), {}))
print("ready", flush=True)
n = 0
while True:
    n += 1
    store.rotate()
    store.set("counter", str(n), at_s=n)
"""


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """SIGKILL, 12 times: what was there is readable after each, and the next run goes on from it."""
    store = store_in(tmp_path)
    kept = {f"camera-{n}": f"{CANARY}-{n}" for n in range(20)}
    for name, value in kept.items():
        store.set(name, value, at_s=1)
    rotated = set()
    for turn in range(12):
        with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.004 * turn + 0.013)
            process.send_signal(signal.SIGKILL)
        assert {name: store.get(name) for name in kept} == kept
        rotated.add(store.places.key.read_bytes())
    assert len(rotated) > 3  # it was killed at work, not before
    assert {p.name for p in tmp_path.iterdir()} <= {
        "camkeeper.secrets",
        "camkeeper.secrets.key",
        ".camkeeper.secrets.lock",
        ".camkeeper.secrets.new",
        ".camkeeper.secrets.key.new",
    }
    store.rotate()
    assert {name: store.get(name) for name in kept} == kept
