"""Every word on the screen exists in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir

import camboard
from camboard import words
from camboard.i18n import languages
from camkeeper.availability.buckets import Promise
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.status import Reason, Status

HAN = re.compile(r"[\u4e00-\u9fff]")
FIELD = re.compile(r"%\((\w+)\)|\{(\w+)\}")


def _in_sources() -> set[str]:
    assert camboard.__file__ is not None
    found = extract_from_dir(
        Path(camboard.__file__).parent,
        method_map=[("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")],
        keywords={"_": None, "say": None, "mark": None},
    )
    return {str(message) for _, _, message, _, _ in found}


def test_the_catalogue_has_every_message_and_no_other() -> None:
    assert _in_sources() == set(languages()["en"].messages)


def test_english_is_english_and_names_the_same_fields() -> None:
    for zh, en in languages()["en"].messages.items():
        assert not HAN.search(en), en
        assert set(FIELD.findall(zh)) == set(FIELD.findall(en)), zh


def test_templates_and_handlers_speak_only_through_the_catalogue() -> None:
    assert camboard.__file__ is not None
    for path in (Path(camboard.__file__).parent / "templates").glob("*.html"):
        if path.name != "error.html":  # says both languages at once
            bare = re.sub(r"\{[{%#].*?[}%#]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            assert not HAN.search(bare), path.name


def test_every_value_has_a_word() -> None:
    assert set(words.REASON) == set(Reason)
    assert set(words.VERDICT) == set(Verdict)
    assert set(words.RUNG) == set(Rung)
    assert set(words.KIND) == set(DeviceKind)
    assert set(words.SITE_KIND) == set(SiteKind)
    assert set(words.PROMISE) == set(Promise)
    assert set(words.STATUS) == set(Status)
    assert set(words.STATE) == set(words.SHAPE) == set(words.State)


def test_no_two_states_share_a_shape() -> None:
    assert len(set(words.SHAPE.values())) == len(words.State)
