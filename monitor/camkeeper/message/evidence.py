"""Evidence in words: the facts that the correlation names, by their keys."""

from __future__ import annotations

from camkeeper.message.clean import clean
from camkeeper.model.channel import Language
from camkeeper.model.incident import Evidence

_WORDS: dict[str, tuple[str, str]] = {}
"""Key: Chinese, English; fields as the evidence has them."""


def told(evidence: tuple[Evidence, ...], language: Language, *, most: int = 2) -> tuple[str, ...]:
    """Return the first `most` facts that there are words for."""
    out = []
    for fact in evidence:
        words = _WORDS.get(fact.name)
        if words is None:
            continue
        values = {k: clean(v) if isinstance(v, str) else v for k, v in fact.facts.items()}
        try:
            out.append(words[language is Language.EN].format(**values))
        except (KeyError, IndexError):  # a fact without its number says nothing
            continue
    return tuple(out[:most])
