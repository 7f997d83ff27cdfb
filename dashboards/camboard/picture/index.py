"""Pictures, made quick to ask: how many of a site's cameras were looked at, and where it is the weather. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from camboard.index import Index
from camkeeper.model.picture import Scope
from camkeeper.standing.picture import PictureStanding, PictureView


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureIndex:
    """Look-ups over one value of the pictures."""

    pictures: PictureStanding
    looked: Counter[str]
    """Cameras whose picture was looked at, by site, with all below."""
    found: Counter[str]
    """Of these, with something proved against their picture."""
    weather: tuple[str, ...]
    """Sites whose pictures are all poor at once."""

    def of(self, device_id: str) -> PictureView | None:
        """Return a camera's picture."""
        return self.pictures.cameras.get(device_id)


def picture_index(pictures: PictureStanding, index: Index) -> PictureIndex:
    """Build the look-ups: one pass over the cameras, one over the sites."""
    looked: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for device_id, view in pictures.cameras.items():
        device = index.device_by_id.get(device_id)
        if device is not None and view.looked_ms is not None:
            looked[device.site_id] += 1
            found[device.site_id] += is_found(view)
    for site in reversed(index.standing.sites):  # parents stand before children
        if site.parent_id is not None:
            looked[site.parent_id] += looked[site.id]
            found[site.parent_id] += found[site.id]
    return PictureIndex(pictures=pictures, looked=looked, found=found, weather=pictures.weather_site_ids)


def is_found(view: PictureView) -> bool:
    """Return whether something is proved against the picture that is its camera's or its platform's doing."""
    finding = view.finding
    return finding is not None and finding.verdict.is_fault and finding.scope is not Scope.WEATHER


class PictureCache:
    """The look-ups of the newest pictures, built when first asked for."""

    def __init__(self) -> None:
        self._of: tuple[object, object] = (None, None)
        self._made: PictureIndex | None = None

    def of(self, pictures: PictureStanding | None, index: Index) -> PictureIndex | None:
        """Return the look-ups of these very values."""
        if pictures is None:
            return None
        if self._made is None or self._of[0] is not pictures or self._of[1] is not index:
            self._of, self._made = (pictures, index), picture_index(pictures, index)
        return self._made
