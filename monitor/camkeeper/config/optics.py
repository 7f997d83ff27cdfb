"""Keys of mounts and lenses."""

from __future__ import annotations

from pydantic import model_validator

from camcover.optics import HALF_CIRCLE_DEG, Lens, LensModel, Mount, OpticsError, hfov_from_focal
from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.scalars import refuse

_OPTICS_ZH = {
    "not on this globe": "经纬度不在地球上",
    "height_m": "安装高度必须大于 0 米",
    "azimuth_deg": "方位角应在 [0, 360) 度，正北为 0，顺时针",
    "tilt_deg": "俯角应在 [-90, 90] 度，向下为正",
    "survey errors": "测量误差不能为负",
    "hfov_deg": "水平视场角应在 (0, 360] 度",
    "a sensor has pixels": "像素数必须大于 0",
    "ranges are not": "距离必须大于 0 米",
    "vfov_deg": "垂直视场角应在 (0, 180] 度",
    "focal length": "焦距与传感器宽度必须大于 0",
}


def _optics(error: OpticsError) -> Exception:
    text = str(error).replace("vertical_deg", "vfov_deg")
    start = next((k for k in _OPTICS_ZH if text.startswith(k)), "")
    zh = _OPTICS_ZH.get(start, f"光学参数不成立（{text}）")
    return refuse(zh=zh, en=text, key=start if start.endswith(("_m", "_deg")) else "")


class MountEntry(Entry):
    """Where a camera hangs (in the file's datum, until that is brought to WGS-84) and where it looks."""

    lon_deg: s.Degrees
    lat_deg: s.Degrees
    height_m: s.MetresIfKnown = 4.0
    azimuth_deg: s.Degrees | None = None
    tilt_deg: s.DegreesIfKnown = 15.0
    position_error_m: s.Metres = 3.0
    azimuth_error_deg: s.Degrees = 5.0

    def mount(self) -> Mount:
        """Return the value that geometry works with; OpticsError where it cannot exist."""
        return Mount(**self.__dict__)

    @model_validator(mode="after")
    def _exists(self) -> MountEntry:
        s.not_a_globe(self.lon_deg, self.lat_deg)
        try:
            self.mount()
        except OpticsError as error:
            raise _optics(error) from None
        return self


class LensEntry(Entry):
    """What a lens takes in: by its angle, or by focal length and sensor width."""

    hfov_deg: s.Degrees | None = None
    focal_mm: s.Millimetres | None = None
    sensor_width_mm: s.Millimetres | None = None
    width_px: s.Pixels = 1920
    height_px: s.Pixels = 1080
    range_m: s.Metres = 50.0
    ir_range_m: s.Metres | None = None
    model: LensModel | None = None
    vfov_deg: s.Degrees | None = None

    def lens(self) -> Lens:
        """Return the value that geometry works with; OpticsError where it cannot exist."""
        hfov_deg = self.hfov_deg
        if hfov_deg is None:
            hfov_deg = hfov_from_focal(
                focal_mm=self.focal_mm or 0,
                sensor_width_mm=self.sensor_width_mm or 0,
                model=self.model or LensModel.RECTILINEAR,
            )
        return Lens(
            hfov_deg=hfov_deg,
            width_px=self.width_px,
            height_px=self.height_px,
            range_m=self.range_m,
            ir_range_m=self.ir_range_m,
            model=self.model or LensModel.RECTILINEAR,
            vertical_deg=self.vfov_deg,
        )

    @model_validator(mode="after")
    def _exists(self) -> LensEntry:
        by_focal = self.focal_mm is not None or self.sensor_width_mm is not None
        if by_focal == (self.hfov_deg is not None) or (by_focal and None in {self.focal_mm, self.sensor_width_mm}):
            raise refuse(
                zh="镜头写 hfov_deg，或写 focal_mm 与 sensor_width_mm 两项，二者取一",
                en="a lens has either hfov_deg, or both focal_mm and sensor_width_mm",
            )
        try:
            lens = self.lens()
        except OpticsError as error:
            raise _optics(error) from None
        if self.model is LensModel.RECTILINEAR and lens.hfov_deg >= HALF_CIRCLE_DEG:
            raise refuse(
                zh="直线镜头的视场角小于 180 度；鱼眼或拼接全景写 model: fisheye",
                en="a rectilinear lens sees less than 180 degrees; write model: fisheye for fisheyes and panoramas",
                key="model",
            )
        return self
