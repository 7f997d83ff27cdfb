"""The test message: it says of itself that it is none."""

from __future__ import annotations

from camkeeper.message import short
from camkeeper.message.brief import Words
from camkeeper.message.clean import clean
from camkeeper.message.fit import KEEP, Line, cut
from camkeeper.message.phrases import say
from camkeeper.message.render import laid_out
from camkeeper.message.style import SUBJECT_BYTES, Dialect, Style
from camkeeper.message.times import instant
from camkeeper.model.letter import JSON


def trial(*, name: str, channel: str, at_ms: int, timezone: str, style: Style) -> Words:
    """Return a test message for a channel; `name` is the township's."""
    language = style.language
    at = instant(at_ms, 0, timezone)  # seen from 1970: with its date
    lines = (
        Line(text=say(language, "trial.title", name=clean(name)), weight=KEEP),
        Line(text=say(language, "trial.text"), weight=KEEP),
        Line(text=say(language, "trial.at", at=at), weight=8),
        Line(text=say(language, "trial.channel", channel=clean(channel)), weight=7),
    )
    values: dict[str, JSON] = {"incident": "TEST", "status": "firing", "test": True, "at_ms": at_ms}
    if style.dialect is Dialect.SMS:
        bare = [
            Line(text=line.text.strip("【[").replace("】", " ").replace("]", ""), weight=line.weight) for line in lines
        ]
        return Words(subject=cut(lines[0].text, SUBJECT_BYTES), text=short.within(bare, style.segments), facts=values)
    return laid_out(lines, style, values)
