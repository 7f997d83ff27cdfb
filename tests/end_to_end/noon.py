"""A township of two villages where it is noon now, so that pictures are day's at whatever hour the test runs."""

from __future__ import annotations

from camkeeper.clock import SystemClock

LAT_DEG = 25.0
PLAN = {"c1": ("v1", 0.0, 40), "c2": ("v1", 0.0012, 200), "c3": ("v1", -0.0012, 300), "c4": ("v2", 0.005, 90)}
"""Camera: its village, degrees east of the town's middle, azimuth."""


def noon_lon_deg() -> float:
    """Return the longitude over which the sun stands highest now, to some degrees."""
    hours = SystemClock().wall_ms() / 3_600_000 % 24
    return max(-179.0, min(179.0, (12 - hours) * 15))


def noon_config(*, net: int) -> str:
    """Return a configuration whose pictures are fetched every four seconds and proved within fifteen."""
    lon, lat = noon_lon_deg(), LAT_DEG
    cameras = "".join(
        f"- {{id: {name}, name: 摄像机{name}, kind: camera, site: {site}, address: {{host: 127.{net}.0.{n}}},"
        f" mount: {{lon_deg: {lon + east:.6f}, lat_deg: {lat:.6f}, azimuth_deg: {azimuth}}}}}\n"
        for n, (name, (site, east, azimuth)) in enumerate(PLAN.items(), 1)
    )
    return f"""
name: 正午镇
datum: wgs84
synthetic_geometry: true
policy:
  probe: {{every_s: 4, picture_every_s: 4, full_every_s: 600, timeout_s: 4, retry_s: 0.5}}
  judge: {{name: patient, grace_polls: 6}}
  picture:
    name: quick
    image: {{looks: 3, span_s: 4}}
    moved: {{looks: 3, span_s: 4}}
    no_signal: {{looks: 3, span_s: 4}}
    frozen: {{looks: 3, span_s: 4}}
    exposure: {{looks: 3, span_s: 4}}
    learn_frames: 5
    learn_until: 5
    learn_every_s: 1
  incident: {{hold_s: 2, calm_s: 10, realert_s: 3600}}
  service: {{preset: standard, stable_s: 5, restore_within_s: 300}}
defaults:
  site: {{target: 95, timezone: Asia/Shanghai}}
  camera: {{address: {{port: 18080, rtsp_port: 18554}}, credential: township, lens: {{hfov_deg: 84, width_px: 1280,
    height_px: 720, range_m: 80, ir_range_m: 40}}, mount: {{tilt_deg: 15, height_m: 5}}}}
credentials:
- {{id: township, user: monitor, secret: "env:CAMKEEPER_DEMO_PASSWORD"}}
sites:
- {{id: town, name: 正午镇, kind: town, boundary: {_ring(lon, lat, 0.01)}}}
- {{id: v1, name: 正午村, kind: village, parent: town, boundary: {_ring(lon, lat, 0.002)}}}
- {{id: v2, name: 邻村, kind: village, parent: town, boundary: {_ring(lon + 0.005, lat, 0.002)}}}
devices:
{cameras}"""


def _ring(lon: float, lat: float, by: float) -> str:
    corners = ((-by, -by), (by, -by), (by, by), (-by, by))
    return "[" + ", ".join(f"[{lon + dx:.6f}, {lat + dy:.6f}]" for dx, dy in corners) + "]"
