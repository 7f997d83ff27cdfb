"""A camera in a local metric frame, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from camcover.optics import Lens, Mount


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera at (`x_m` east, `y_m` north) of a `camcover.frame.Frame`.

    `ptz`: `mount` and `lens` describe the present preset; what the dome could turn to is its envelope, never live.
    """

    id: str
    x_m: float
    y_m: float
    mount: Mount
    lens: Lens
    ptz: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is asked: by day or by night, how many pixels a metre, on a plane how high above the ground.

    `px_per_m` 0 asks only whether it is seen at all. See `camcover.bands` for names of densities.
    """

    night: bool = False
    px_per_m: float = 0.0
    target_height_m: float = 0.0
