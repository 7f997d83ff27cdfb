"""From an incident to what people and programs read: short, standing alone, cut and escaped for each channel. Pure."""

from camkeeper.message.brief import Brief, Checked, Effect, Neighbours, Upstream, Words
from camkeeper.message.digest import digest
from camkeeper.message.render import words
from camkeeper.message.style import Dialect, Style, style_of
from camkeeper.message.trial import trial

__all__ = [
    "Brief",
    "Checked",
    "Dialect",
    "Effect",
    "Neighbours",
    "Style",
    "Upstream",
    "Words",
    "digest",
    "style_of",
    "trial",
    "words",
]
