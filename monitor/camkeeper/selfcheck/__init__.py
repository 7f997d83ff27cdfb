"""Is the monitor itself well? Its disk, clock, limits, files and what is behind: each with what to do about it."""

from __future__ import annotations

from camkeeper.selfcheck.check import examine
from camkeeper.selfcheck.finding import Finding, Level
from camkeeper.selfcheck.subject import Subject

__all__ = ["Finding", "Level", "Subject", "examine"]
