"""Labels: what is one, how they come with a register, and how they are put on many devices and taken off again."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.clock import SimulatedClock
from camkeeper.config import ConfigError, load
from camkeeper.model.tags import MAX_CHARACTERS, MAX_TAGS, TagError, split, tag_of, tags_of
from camkeeper.register.book import Wishes, apply, draft
from camkeeper.register.store import Store, StoreRefused
from camkeeper.register.tagging import is_tagging, tag

CONFIG = """
name: 大郭镇
datum: wgs84
defaults:
  site: {target: 95.00, timezone: Asia/Shanghai}
sites:
- {id: dagou, name: 大郭镇, kind: town}
devices:
- {id: cam-1, name: 东口, kind: camera, site: dagou, address: {host: 10.0.0.1}, tags: [校门口, VIP]}
- {id: cam-2, name: 西口, kind: camera, site: dagou, address: {host: 10.0.0.2}}
"""
HOSTILE = (
    "",
    " ",
    "a b",
    "=1+1",
    "-x",
    "<b>",
    "a,b",
    "a\u202eb",
    "e\u0301\u0301\u0301\u0301",
    "x" * 21,
    "a\nb",
    "🙂",
    "x" * 10_000,
)


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def tags(config: Path) -> dict[str, tuple[str, ...]]:
    return {d.id: d.tags for d in load(config).devices}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_plain_word_is_no_label(text: str) -> None:
    with pytest.raises(TagError):
        tag_of(text)


@given(st.text(max_size=30))
def test_a_label_is_short_printable_and_stays_itself(text: str) -> None:
    try:
        word = tag_of(text)
    except TagError:
        return
    assert tag_of(word) == word
    assert 1 <= len(word) <= MAX_CHARACTERS
    assert word.isprintable()
    assert split(word) == (word,)
    assert not any(unicodedata.category(c) in {"Cf", "Cc", "Zs", "Sm"} for c in word)


def test_twelve_and_no_more() -> None:
    words = [f"t{n}" for n in range(MAX_TAGS)]
    assert len(tags_of([*words, "t0"])) == MAX_TAGS
    with pytest.raises(TagError):
        tags_of([*words, "one-more"])


def test_read_from_the_configuration(config: Path) -> None:
    assert tags(config) == {"cam-1": ("VIP", "校门口"), "cam-2": ()}
    config.write_text(CONFIG.replace("校门口", '"=1+1"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="a label is letters and digits"):
        load(config)


def test_a_column_of_an_imported_register(config: Path) -> None:
    data = "设备编号,设备名称,标签\ncam-2,西口,夜巡、新装\ncam-1,东口,=cmd\n".encode()
    made = draft(config, data, "标签.csv", Wishes())
    assert made.plan.changed[0].values == {"tags": ("夜巡", "新装")}
    assert any("标签" in f.zh for f in made.plan.findings)
    apply(config, made, by="王工", clock=SimulatedClock())
    assert tags(config) == {"cam-1": ("VIP", "校门口"), "cam-2": ("夜巡", "新装")}


words = st.text(st.sampled_from("校门口VIPnulltrue0123456789._-"), min_size=1, max_size=20).filter(
    lambda w: w[0] not in "._-"
)


@given(words)
def test_put_on_taken_off_and_undone_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, word: str) -> None:
    config = tmp_path_factory.mktemp("tags") / "cameras.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    clock = SimulatedClock()
    version = tag(config, ["cam-1", "cam-2"], on=word, by="王工", clock=clock)
    assert is_tagging(version)
    assert word in tags(config)["cam-1"]
    assert tags(config)["cam-2"] == (word,)
    tag(config, ["cam-1", "cam-2"], off=word, by="王工", clock=clock)
    assert tags(config)["cam-2"] == ()
    store = Store(config)
    store.undo(by="李工", clock=clock)
    assert tags(config)["cam-2"] == (word,)
    store.undo(by="李工", clock=clock)
    assert config.read_text(encoding="utf-8") == CONFIG
    assert [v.undone_by for v in store.history()] == ["李工", "李工"]


def test_nothing_is_written_where_any_of_it_cannot_be(config: Path) -> None:
    clock = SimulatedClock()
    for ids, on, said in (
        (["cam-1", "gone"], "夜巡", "no device gone"),
        (["cam-1"], "VIP", "so already"),
        (["cam-1"], "a b", "no blanks"),
        ([], "夜巡", "so already"),
    ):
        with pytest.raises(StoreRefused, match=said):
            tag(config, ids, on=on, by="王工", clock=clock)
    assert Store(config).history() == ()
    for n in range(MAX_TAGS - 2):
        tag(config, ["cam-1"], on=f"t{n}", by="王工", clock=clock)
    with pytest.raises(StoreRefused, match="12 labels"):
        tag(config, ["cam-1"], on="one-more", by="王工", clock=clock)
