"""Carries letters to the platforms: one file a platform, and success only where the platform's own words say so."""

from camkeeper.notify.connect import connect, http_session
from camkeeper.notify.secret import SecretSource

__all__ = ["SecretSource", "connect", "http_session"]
