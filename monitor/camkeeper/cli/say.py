"""What the command line says: Chinese first, English second."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console


def wide_console() -> Console:
    """Return a console for tables; a file or pipe has no width of its own and gets enough."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def tell(zh: str, en: str) -> None:
    """Print one message in both languages to standard error, which is for people."""
    print(f"{zh}\n{en}", file=sys.stderr)


def fail(zh: str, en: str, *, code: int = 1) -> NoReturn:
    """Tell an error in both languages and end with `code`."""
    print(f"错误：{zh}\nError: {en}", file=sys.stderr)
    raise typer.Exit(code)
