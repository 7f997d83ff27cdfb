"""What every model of the file shares."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Entry(BaseModel):
    """Anything written in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
