"""`camkeeper edge enlist | discharge | poller`: what they write, who may read it, what they refuse."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.cli.crew import crew_of
from camkeeper.crew.settings import load, load_member, staffed, trust_of
from camkeeper.relay.settings import load as load_edge


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["edge", *words])
    return done.exit_code, done.stderr


@pytest.fixture
def edge(tmp_path: Path) -> Path:
    folder = tmp_path / "edge"
    assert run("init", str(folder), "--id", "daguo", "--hub", "nats-leaf://daguo:pw@h:1", "--port", "4999")[0] == 0
    return folder


def test_a_poller_is_enlisted_and_discharged(edge: Path) -> None:
    assert crew_of(edge, "daguo", 4999, "pw") is None, "nobody was enlisted: as it always was"
    assert run("enlist", str(edge), "p1", "--shards", "8")[0] == 0
    assert run("enlist", str(edge), "p2", "--address", "10.1.0.5", "--no-local")[0] == 0
    crew = load(edge)
    assert crew is not None
    first, second = (load_member(edge / "crew" / f"{name}.json") for name in ("p1", "p2"))
    assert (first.host, second.host, second.port, second.shards) == ("127.0.0.1", "10.1.0.5", 4999, 8)
    assert first.key == second.key
    assert first.certificate == "", "as it was enlisted: on this machine"
    assert second.certificate == (edge / "crew-bus.pem").read_text()
    trust = trust_of(edge, crew, "daguo")
    assert trust == second.trust
    assert second.password == crew.members["p2"] != first.password
    for path in (edge / "crew.json", edge / "crew/p1.json", edge / "crew-bus.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    plain = load_edge(edge).server(edge, sync_always=True)
    conf = json.loads(staffed(plain, edge).conf())
    assert (json.loads(plain.conf())["host"], conf["host"]) == ("127.0.0.1", "0.0.0.0")
    assert "tls" not in json.loads(plain.conf())
    assert conf["tls"] == {"cert_file": str(edge / "crew-bus.pem"), "key_file": str(edge / "crew-bus.key")}
    assert [user["user"] for user in conf["authorization"]["users"]] == ["edge", "p1", "p2"]
    link = crew_of(edge, "daguo", 4999, "pw")
    assert link is not None
    assert (link.shards, link.local, link.trust) == (8, False, trust)
    assert run("enlist", str(edge), "p1")[0] == 0, "once more: now it knows the bus"
    assert load_member(edge / "crew/p1.json").trust == trust
    assert run("discharge", str(edge), "p1")[0] == 0
    crew = load(edge)
    assert crew is not None
    assert set(crew.members) == {"p2"}
    shown = repr(crew) + repr(first) + repr(link)
    assert first.password not in shown
    assert first.key.hex() not in shown


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("enlist", "EDGE", "P 1"), 2),
        (("enlist", "EDGE", "keeper"), 2),
        (("enlist", "EDGE", "p2", "--shards", "9"), 1),
        (("enlist", "NOWHERE", "p1"), 1),
        (("discharge", "EDGE", "p9"), 2),
        (("discharge", "NOWHERE", "p1"), 1),
        (("poller", "NOWHERE/p1.json"), 1),
    ],
)
def test_what_cannot_be_is_told(edge: Path, tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    assert run("enlist", str(edge), "p1", "--shards", "8")[0] == 0
    before = (edge / "crew.json").read_text()
    where = [word.replace("EDGE", str(edge)).replace("NOWHERE", str(tmp_path / "x")) for word in words]
    found, told = run(*where)
    assert found == code
    assert told.startswith("错误")
    assert (edge / "crew.json").read_text() == before


def test_a_file_that_makes_no_sense_is_told_and_changes_nothing(edge: Path) -> None:
    assert run("enlist", str(edge), "p1")[0] == 0
    plain = load_edge(edge).server(edge, sync_always=True)
    (edge / "crew.json").write_text('{"shards": 0}')
    assert staffed(plain, edge) == plain
    assert run("enlist", str(edge), "p2")[0] == 1
    (edge / "crew/p1.json").write_text("{}")
    assert run("poller", str(edge / "crew/p1.json"))[0] == 1
