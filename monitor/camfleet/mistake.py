"""What people get wrong, told in both languages."""

from __future__ import annotations


class MistakeError(ValueError):
    """A value that cannot be used: `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
