"""Passwords in one sealed file, named by `store:NAME`. Neither a database nor a backup has the file or its key."""

from __future__ import annotations

from camkeeper.secrets.places import Places, places_of
from camkeeper.secrets.record import MAX_BYTES, NAME, SecretsError
from camkeeper.secrets.store import Entry, Store

__all__ = ["MAX_BYTES", "NAME", "Entry", "Places", "SecretsError", "Store", "places_of"]
