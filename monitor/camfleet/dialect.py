"""How a make of device answers: captured replies with places to fill in, and its habits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from camfleet.dome import Presets
from camkeeper.model.equipment import Device, DeviceKind

_PLACE = re.compile(rb"\{\{(\w+)\}\}")


class SnapshotAuth(StrEnum):
    """What a snapshot wants of whoever asks."""

    DIGEST = "digest"
    BASIC = "basic"
    EITHER = "either"
    QUERY = "query"  # user and password stand in the URI itself; there is no challenge


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A captured reply, cut at its places: texts and names take turns."""

    parts: tuple[bytes, ...]

    @staticmethod
    def of(text: bytes) -> Template:
        """Cut `text` at `{{name}}`."""
        return Template(parts=tuple(_PLACE.split(text)))

    def fill(self, values: Mapping[bytes, bytes]) -> bytes:
        """Return the reply with every place filled; KeyError for a place that nobody fills."""
        if len(self.parts) == 1:
            return self.parts[0]
        return b"".join(values[part] if i % 2 else part for i, part in enumerate(self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the captures do not say by themselves."""

    wsse: bool = True
    http_digest: bool = True
    """Takes HTTP Digest for SOAP too, and challenges for it with 401."""
    z_only: bool = False
    """`Created` must end in Z: `+00:00` is refused as a bad credential."""
    refusal_status: int = 401
    """The HTTP status of ter:NotAuthorized where there is no challenge."""
    missing_status: int = 500
    """The HTTP status of the fault for an operation that the device does not know."""
    snapshot_auth: SnapshotAuth = SnapshotAuth.DIGEST
    keep_alive: bool = True
    codec: str = "H264"
    records: bool = False
    presets: Presets = Presets.NONE
    lock_after: int = 0
    """This many refused attempts lock the device for 30 minutes, right passwords included; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One make. `replies` by operation, `media2.` and `ptz.` before those of other namespaces than device and media."""

    name: str
    habits: Habits
    replies: Mapping[str, Template]
    token: str
    """The main profile's."""
    width: int
    height: int
    """Pixels of the main profile."""


HABITS: dict[str, Habits] = {
    "axis": Habits(missing_status=400, snapshot_auth=SnapshotAuth.EITHER, records=True),
    "bosch_dome": Habits(records=True, presets=Presets.PLACED),
    "bosch_fixed": Habits(wsse=False, records=True),
    "reolink": Habits(http_digest=False, refusal_status=400, missing_status=400, snapshot_auth=SnapshotAuth.BASIC),
    # Hikvision locks the asking address after 5 to 7 refusals for half an hour, right passwords included.
    "hikvision_oem": Habits(
        z_only=True, missing_status=400, codec="H265", records=True, presets=Presets.NAMED, lock_after=5
    ),
    "uniview_oem": Habits(codec="H265"),
    "uniview_sunba": Habits(
        http_digest=False, refusal_status=400, missing_status=400, records=True, presets=Presets.PLACED
    ),
    "ipd_8999": Habits(http_digest=False, refusal_status=500, snapshot_auth=SnapshotAuth.BASIC, keep_alive=False),
    # Answers every fault with 200, puts the credentials into the snapshot URI, and ends it with a space.
    "xiongmai": Habits(
        http_digest=False,
        refusal_status=200,
        missing_status=200,
        snapshot_auth=SnapshotAuth.QUERY,
        keep_alive=False,
    ),
}

_MAKERS = {
    "海康": "hikvision_oem",
    "hik": "hikvision_oem",
    "大华": "ipd_8999",
    "dahua": "ipd_8999",
    "宇视": "uniview_oem",
    "uniview": "uniview_oem",
    "雄迈": "xiongmai",
    "xiongmai": "xiongmai",
    "安讯士": "axis",
    "axis": "axis",
    "博世": "bosch_fixed",
    "bosch": "bosch_fixed",
    "reolink": "reolink",
    "睿联": "reolink",
    "sunba": "uniview_sunba",
}
_DOMES = ("bosch_dome", "hikvision_oem", "reolink", "uniview_sunba", "xiongmai")
_RECORDERS = ("hikvision_oem", "uniview_sunba")


def choose(device: Device, *, seed: int) -> Dialect:
    """Return the dialect of the device's enrolled maker, or one drawn by its id and the seed."""
    words = f"{device.maker} {device.model}".lower()
    named = next((name for word, name in _MAKERS.items() if word in words), None)
    if device.kind is DeviceKind.RECORDER:
        among: tuple[str, ...] = (named,) if named in _RECORDERS else _RECORDERS
    elif device.kind is DeviceKind.PTZ:
        among = ({"bosch_fixed": "bosch_dome", "uniview_oem": "uniview_sunba"}.get(named, named),) if named else _DOMES
    else:
        among = (named,) if named else tuple(HABITS)
    draw = hashlib.blake2b(f"{seed}/{device.id}".encode(), digest_size=4).digest()
    return load(among[int.from_bytes(draw, "big") % len(among)])


@cache
def load(name: str) -> Dialect:
    """Return the dialect of that name from the captured replies beside this file; KeyError for an unknown one."""
    habits = HABITS[name]
    folder = resources.files("camfleet") / "dialects" / name
    texts = {f.name.removesuffix(".xml"): f.read_bytes() for f in folder.iterdir() if f.name.endswith(".xml")}
    profiles = texts["GetProfiles"]
    token = re.search(rb"<\w+:Profiles[^>]*\stoken=\"([^\"]*)\"", profiles)
    width, height = re.search(rb"<tt:Width>(\d+)<", profiles), re.search(rb"<tt:Height>(\d+)<", profiles)
    if token is None or width is None or height is None:
        raise ValueError(f"dialect {name}: its GetProfiles names no profile")
    return Dialect(
        name=name,
        habits=habits,
        replies={operation: Template.of(text) for operation, text in texts.items()},
        token=token[1].decode(),
        width=int(width[1]),
        height=int(height[1]),
    )
