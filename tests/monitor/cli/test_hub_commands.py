"""`camkeeper hub` and `camkeeper edge`: what they write, who may read it, what they refuse."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.hub.settings import load as load_hub
from camkeeper.relay.settings import SettingsError
from camkeeper.relay.settings import load as load_edge


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


def private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    assert run("hub", "init", str(folder), "--leaf", "0.0.0.0:7422", "--advertise", "hub.example:7422")[0] == 0
    return folder


def test_a_hub_and_an_edge_are_set_up_with_three_commands(hub: Path, tmp_path: Path) -> None:
    code, out, _ = run("hub", "enrol", str(hub), "daguo")
    url = out.strip()
    assert (code, url.split("@")[1]) == (0, "hub.example:7422")
    edge = tmp_path / "edge"
    assert run("edge", "init", str(edge), "--id", "daguo", "--hub", url)[0] == 0
    assert private(hub / "hub.json")
    assert private(edge / "edge.json")
    settings = load_edge(edge)
    assert settings.hub_url == url
    assert load_hub(hub).edges["daguo"] in url
    conf = json.loads(settings.server(edge, sync_always=True).conf())
    assert conf["host"] == "127.0.0.1"
    assert conf["jetstream"]["sync_interval"] == "always"
    assert conf["leafnodes"]["remotes"] == [{"url": url}]
    users = json.loads(load_hub(hub).server().conf())["authorization"]["users"]
    assert users[1]["permissions"] == {"publish": ["camkeeper.hub.daguo.>"], "subscribe": ["_INBOX.daguo.>"]}


def test_nothing_is_written_over(hub: Path, tmp_path: Path) -> None:
    before = (hub / "hub.json").read_text()
    assert run("hub", "init", str(hub))[0] == 1
    assert (hub / "hub.json").read_text() == before
    words = ("edge", "init", str(tmp_path / "e"), "--id", "e", "--hub", "nats-leaf://e:pw@h:1")
    assert run(*words)[0] == 0
    code, _, told = run(*words)
    assert code == 1
    assert "已有配置" in told
    assert "already" in told


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("edge", "init", "E", "--id", "大郭", "--hub", "nats-leaf://e:pw@h:1"), 2),
        (("edge", "init", "E", "--id", "e", "--hub", "http://h"), 2),
        (("edge", "init", "E", "--id", "e", "--hub", "nats-leaf://e:pw@h:1", "--port", "0"), 2),
        (("edge", "run", "E"), 1),
        (("hub", "run", "E"), 1),
        (("hub", "enrol", "E", "e"), 1),
        (("hub", "sla", "E"), 1),
        (("hub", "init", "E", "--leaf", "nowhere"), 2),
        (("hub", "init", "E", "--cert", "x.pem"), 2),
    ],
)
def test_what_cannot_be_is_told_in_both_languages(words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    got, _, told = run(*(str(tmp_path / "none") if word == "E" else word for word in words))
    assert got == code
    assert "错误：" in told
    assert "Error: " in told
    assert "pw@" not in told, "a password is not repeated"


def test_an_edge_is_enrolled_once_and_dismissed(hub: Path) -> None:
    assert run("hub", "enrol", str(hub), "e1")[0] == 0
    assert run("hub", "enrol", str(hub), "e1")[0] == 2
    assert run("hub", "enrol", str(hub), "hub")[0] == 2
    assert run("hub", "dismiss", str(hub), "e1")[0] == 0
    assert run("hub", "dismiss", str(hub), "e1")[0] == 2
    assert load_hub(hub).edges == {}


def test_settings_that_somebody_broke_are_told(tmp_path: Path) -> None:
    (tmp_path / "edge.json").write_text("{}")
    with pytest.raises(SettingsError, match="edge"):
        load_edge(tmp_path)
