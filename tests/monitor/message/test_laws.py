"""Laws of messages: they fit, they are harmless, and what matters is never cut."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.message.briefs import briefs, nasty, styles

from camkeeper.message import Brief, Style, Words, digest, words
from camkeeper.message.clean import NAME_CHARACTERS, clean
from camkeeper.message.facts import facts
from camkeeper.message.fit import KEEP, Line, cut, fit, utf8_bytes
from camkeeper.message.render import message_lines
from camkeeper.message.short import length
from camkeeper.message.style import Dialect, escaped, plain
from camkeeper.model.channel import Language

MARKUP = set("\\`*_~[]<>|&!")


def harmless(text: str) -> bool:
    return not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in text if c != "\n")


def within(told: Words, style: Style) -> None:
    if style.dialect is Dialect.SMS:
        assert length(told.text).segments <= style.segments
        assert "\n" not in told.text
    else:
        assert utf8_bytes(told.text) <= style.text_bytes
    assert utf8_bytes(told.markdown) <= style.markdown_bytes
    assert told.subject == told.subject.strip("\n")
    assert "\n" not in told.subject
    assert harmless(told.subject + told.text + told.markdown)
    json.dumps(told.facts, ensure_ascii=False).encode()


@settings(max_examples=60)
@given(briefs(), styles)
def test_every_message_fits_and_is_harmless(brief: Brief, style: Style) -> None:
    within(words(brief, style), style)


@settings(max_examples=15)
@given(st.lists(briefs(), min_size=1, max_size=30), styles)
def test_so_does_every_digest(several: list[Brief], style: Style) -> None:
    told = digest(several, style)
    within(told, style)
    nested = told.facts["incidents"]
    assert isinstance(nested, list)
    assert len(nested) == len(several)


@settings(max_examples=60)
@given(briefs(), styles)
def test_what_matters_is_never_cut(brief: Brief, style: Style) -> None:
    """First line (with number and code) and deadline stay whole in a thousand bytes, whatever the names are."""
    if style.dialect is Dialect.SMS:
        return
    lines = message_lines(brief, style.language)
    told = words(brief, style)
    for line in lines:
        if line.weight == KEEP:
            assert plain(line.text, style.dialect) in told.text.split("\n")
            if style.markdown_bytes:
                assert escaped(line.text) in told.markdown


@settings(max_examples=60)
@given(briefs(), styles)
def test_no_name_becomes_markup(brief: Brief, style: Style) -> None:
    """Less the stars around the first line, nothing in the Markdown is a mark; no line begins with a name."""
    told = words(brief, style)
    if told.markdown:
        first, *rest = told.markdown.split("\n")
        assert re.fullmatch(r"\*\*[^*]+\*\*", first)
        assert MARKUP.isdisjoint(first[2:-2] + "".join(rest))
        label = re.compile(r"[一-龥]{2}[^：]{0,6}：|[A-Z][A-Za-z ]+: ")
        assert all(label.match(line) for line in rest if line)
    if style.dialect is Dialect.FEISHU:
        assert "<" not in told.text
    if style.dialect is not Dialect.SMS and not brief.url:
        assert "://" not in told.text


@given(nasty, st.integers(1, 80))
def test_clean(text: str, limit: int) -> None:
    name = clean(text, limit=limit)
    assert len(name) <= limit
    assert harmless(name)
    assert "\n" not in name
    assert clean(name, limit=limit) == name


@given(st.text(max_size=300), st.integers(0, 400))
def test_cut(text: str, limit: int) -> None:
    got = cut(text, limit)
    assert utf8_bytes(got) <= limit
    if utf8_bytes(text) <= limit:
        assert got == text
    else:
        assert text.startswith(got.removesuffix("…"))
        assert utf8_bytes(got) > limit - 12 or any(unicodedata.combining(c) for c in text)


@given(
    st.lists(st.builds(Line, text=st.text("断a", max_size=30), weight=st.integers(0, KEEP)), min_size=1),
    st.integers(0, 500),
)
def test_fit_drops_the_least_worth_first(lines: list[Line], limit: int) -> None:
    got = fit(lines, limit)
    assert utf8_bytes(got) <= limit
    if all(line.text for line in lines) and got and not got.endswith("…"):
        kept = got.split("\n")
        whole = [line.text for line in lines]
        rest = iter(whole)
        assert all(any(one == line for one in rest) for line in kept)  # in their order


@given(st.text(max_size=600))
def test_length_counts_every_place(text: str) -> None:
    got = length(text)
    assert got.segments >= 1
    assert got.segments <= max(1, -(-got.characters // 67))


@given(briefs())
def test_facts_are_json(brief: Brief) -> None:
    values = facts(brief)
    assert isinstance(json.loads(json.dumps(values)), Mapping)
    assert len(str(values["site"])) <= NAME_CHARACTERS


@given(briefs())
def test_both_languages_say_the_same_things(brief: Brief) -> None:
    """As many lines, in the same order of worth."""
    zh, en = (message_lines(brief, language) for language in (Language.ZH, Language.EN))
    assert [line.weight for line in zh] == [line.weight for line in en]
