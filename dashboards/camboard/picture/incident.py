"""What pictures prove in an incident: which verdict, since when, and the way to the registered look. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.device.way import device_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.picture.view import finding_view
from camboard.text import clock_time, plain
from camboard.words import REASON
from camkeeper.model.incident import Member
from camkeeper.standing.desk import IncidentView
from camkeeper.standing.picture import PictureStanding, PictureView

LINES_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLine:
    """One camera of an incident."""

    name: str
    word: str
    tone: str
    shape: str
    since: str
    looks: int
    """How many agree; 0: it is over."""
    address: str
    """Of its page; the form there registers the look for this incident."""
    may_look: bool


def picture_lines(
    view: IncidentView, pictures: PictureStanding | None, index: Index, say: Language
) -> tuple[PictureLine, ...]:
    """Return the cameras of an incident with something proved against their picture, or that had when it began."""
    if pictures is None:
        return ()
    made = (_line(m, pictures.cameras.get(m.device_id), view, index, say) for m in view.incident.members.values())
    return tuple(line for line in made if line is not None)[:LINES_SHOWN]


def _line(
    member: Member, picture: PictureView | None, view: IncidentView, index: Index, say: Language
) -> PictureLine | None:
    now_ms, zone = index.standing.at_ms, ZoneInfo(index.standing.timezone)
    finding = None if picture is None or picture.finding is None else picture.finding
    shown = None if finding is None else finding_view(finding, now_ms, zone, say)
    if shown is None and not member.reason.is_image:
        return None
    device = index.device_by_id.get(member.device_id)
    return PictureLine(
        name=plain(device.name if device else member.device_id),
        word=say(REASON[member.reason]) if shown is None else shown.word,
        tone="unknown" if shown is None else shown.tone,
        shape="○" if shown is None else shown.shape,
        since=clock_time(member.since_ms, now_ms, zone) if shown is None else shown.since,
        looks=0 if shown is None else shown.looks,
        address=device_address(member.device_id, incident_id=view.incident.id) if device else "",
        may_look=picture is not None and picture.has_thumbnail,
    )
