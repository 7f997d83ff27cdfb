"""Coverage for machines. Declarations; pure."""

from __future__ import annotations

from camboard.openapi.declare import GEOJSON, Call, Parameter
from camboard.openapi.schema import (
    Schema,
    count,
    flag,
    instant,
    many,
    maybe,
    number,
    one_of,
    optional,
    record,
    ref,
    share,
    text,
    words,
)
from camboard.openapi.schema import percent as percent_text
from camboard.openapi.shapes import AT, DEVICE_ID, SITE_ID, TARGET
from camboard.words import mark
from camkeeper.availability.buckets import Promise
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import KeyPlaceType, SiteKind
from camkeeper.standing.coverage import Unit

_AMOUNTS = record(
    unit=one_of(Unit, mark("m2 平方米，m 米，count 处"), example=Unit.LENGTH),
    total=number(example=180.0),
    design=number(mark("登记的摄像机全都工作时"), example=146.4),
    lower=number(mark("状态未知的算看不见"), example=117.1),
    upper=number(mark("状态未知的算看得见"), example=121.0),
    lost=number(mark("设计看得见而现在肯定看不见的"), example=25.4),
    percent=record(
        design=percent_text(example="81.33"), lower=percent_text(example="65.05"), upper=percent_text(example="67.22")
    ),
)
LAYER = record(
    record(layer=text(mark("area 为露天地面，其余为一类重点部位"), example="road")),
    _AMOUNTS,
    target_bp=maybe(TARGET),
    verdict=maybe(one_of(Promise, mark("没有约定目标时为 null"), example=Promise.MISSED)),
)
PLACE = record(
    record(
        id=text(example="gate"),
        site_id=SITE_ID,
        name=text(example="学校门口"),
        type=one_of(KeyPlaceType, example=KeyPlaceType.SCHOOL),
        band=text(mark("要求的清晰程度"), example="recognition"),
    ),
    _AMOUNTS,
)
_HOURS = record(
    layer=text(example="area"),
    start_ms=instant(example=1_793_462_400_000),
    end_ms=instant(),
    known_until_ms=instant(),
    lower=maybe(share()),
    upper=maybe(share()),
    design=maybe(share()),
    lower_hours=number(mark("覆盖小时：所见份额乘以经过的小时"), example=401.5),
    upper_hours=number(example=410.2),
    worst=maybe(share(mark("最坏一刻的上限"))),
    worst_ms=maybe(instant(example=1_794_000_000_000)),
)
SITE_COVER = record(
    id=SITE_ID,
    name=text(example="大郭村"),
    name_en=text(example="Dagou"),
    kind=one_of(SiteKind, example=SiteKind.VILLAGE),
    parent_id=maybe(text(example="town")),
    night=flag(mark("夜间")),
    cameras=count(mark("按设计看得见其中一部分的摄像机"), example=5),
    layers=many(ref("Layer")),
    today=many(ref("CoverHours")),
    month=many(ref("CoverHours")),
)
BASIS = record(
    note=mark("数字怎么来的：定义、口径、输入的摘要、坐标系、镜头模型"),
    definition=text(mark("一句中文"), example="工作中的摄像机所见露天地面占比"),
    definition_en=text(mark("一句英文"), example="Share of open ground that working cameras see"),
    policy=text(example="open-ground/1"),
    inputs=text(mark("全部输入的 SHA-256"), example="0" * 64),
    crs=text(example="EPSG:32649"),
    lens_model=text(example="pinhole"),
    cameras=count(example=144),
    unknown_azimuth=many(DEVICE_ID, mark("没有登记方位角：不主张覆盖")),
    measured_azimuth=many(DEVICE_ID, mark("方位角由画面量得")),
    inside_building=many(DEVICE_ID),
    no_position=many(DEVICE_ID),
    warnings=many(text(example="obstacles are of 2019")),
)
SURVEY = record(
    note=mark("测量误差使设计份额落在哪里：第 5、50、95 百分位"),
    site_id=SITE_ID,
    as_entered=share(),
    p5=share(),
    p50=share(),
    p95=share(),
    known_azimuth_only=share(),
    trials=count(example=200),
)
_WITH_PLACES = record(SITE_COVER, places=many(ref("Place")))
_DARK = record(cameras_dark=many(DEVICE_ID), layers=many(ref("Layer")), places=many(ref("Place")))
GEOMETRY: Schema = {
    "type": "object",
    "description": mark("GeoJSON 几何，WGS-84，六位小数"),
    "required": ["type", "coordinates"],
    "properties": {
        "type": words("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"),
        "coordinates": {"type": "array", "examples": [[113.842117, 33.801234]]},
    },
}


def _feature(properties: Schema) -> Schema:
    return record(type=words("Feature"), properties=properties, geometry=ref("Geometry"))


_MAP = record(
    kind=words("boundary", "obstacle", "place", "camera", "cameras", "field", "envelope", "planned"),
    site_id=optional(SITE_ID),
    name=optional(text(example="大郭村")),
    name_en=optional(text(example="Dagou")),
    site_kind=optional(one_of(SiteKind)),
    parent_id=optional(maybe(text(example="town"))),
    height_m=optional(maybe(number(example=4.0))),
    place_id=optional(text(example="gate")),
    type=optional(one_of(KeyPlaceType)),
    band=optional(text(example="recognition")),
    device_id=optional(DEVICE_ID),
    device_kind=optional(maybe(one_of(DeviceKind))),
    night=optional(flag()),
    azimuth_deg=optional(maybe(number(mark("自北顺时针，度"), example=135.0))),
    azimuth_error_deg=optional(maybe(number(example=2.5))),
    planned_azimuth_deg=optional(maybe(number(example=130.0))),
    inside_building=optional(flag()),
    device_ids=optional(many(DEVICE_ID)),
    site_ids=optional(many(SITE_ID)),
    names=optional(many(text(example="大郭村口"))),
    device_kinds=optional(many(maybe(one_of(DeviceKind)))),
    azimuths_deg=optional(many(maybe(number(example=135.0)))),
    azimuth_errors_deg=optional(many(maybe(number(example=2.5)))),
    planned_azimuths_deg=optional(many(maybe(number(example=130.0)))),
    inside_buildings=optional(many(flag())),
)
_LOST = record(
    kind=words("blind", "lost", "would_lose"),
    site_id=SITE_ID,
    night=flag(),
    failed=optional(many(DEVICE_ID)),
)
_SITE_SHAPE = record(
    site_id=SITE_ID,
    name=text(example="大郭村"),
    name_en=text(example="Dagou"),
    kind=one_of(SiteKind, example=SiteKind.VILLAGE),
    parent_id=maybe(text(example="town")),
    night=flag(),
    cameras=count(example=5),
    layers=many(ref("Layer")),
)
SCHEMAS: dict[str, Schema] = {
    "Layer": LAYER,
    "Place": PLACE,
    "CoverHours": _HOURS,
    "SiteCover": SITE_COVER,
    "Basis": BASIS,
    "Survey": SURVEY,
    "Geometry": GEOMETRY,
}
_COLLECTION = words("FeatureCollection")
_NIGHT = Parameter(name="night", schema=words("0", "1", "false", "true"), note=mark("夜间"))
_FAR = Parameter(
    name="far",
    schema=words("0", "1", "false", "true"),
    note=mark("从远处看：只要边界、摄像机和失去的，不要视野与盲区；摄像机合为一个 MultiPoint，各列表依次对应"),
)
_WAIT = mark("正在计算时为 503 并附 Retry-After；不计算覆盖的监测为 404。")

COVERAGE = Call(
    id="coverage",
    tag="coverage",
    summary=mark("工作中的摄像机此刻看得见什么：各地点，白天与夜间"),
    note=_WAIT,
    reply=record(at_ms=AT, basis=ref("Basis"), sites=many(ref("SiteCover")), survey=many(ref("Survey"))),
    also=(304, 404, 503),
)
SITE = Call(
    id="coverageSite",
    tag="coverage",
    summary=mark("一个地点的覆盖、重点部位与误差带"),
    note=_WAIT,
    path={"id": SITE_ID},
    reply=record(at_ms=AT, basis=ref("Basis"), day=_WITH_PLACES, night=_WITH_PLACES, survey=maybe(ref("Survey"))),
    also=(404, 503),
)
SITES_GEOJSON = Call(
    id="coverageSitesGeojson",
    tag="coverage",
    summary=mark("各地点边界及其覆盖，GeoJSON"),
    note=_WAIT,
    query=(_NIGHT,),
    media=(GEOJSON,),
    reply=record(
        type=_COLLECTION, at_ms=AT, synthetic=flag(), basis=ref("Basis"), features=many(_feature(_SITE_SHAPE))
    ),
    also=(404, 503),
)
MAP = Call(
    id="coverageMap",
    tag="coverage",
    summary=mark("配置不变就不变的几何：边界、遮挡、重点部位、摄像机、视野，GeoJSON"),
    note=mark("附 ETag；envelope 是球机转得到的范围，不计入任何数字。"),
    query=(Parameter(name="site", schema=SITE_ID, note=mark("只要这个地点及其邻近")), _FAR),
    media=(GEOJSON,),
    reply=record(
        type=_COLLECTION,
        digest=text(example="9f2c"),
        synthetic=flag(),
        attribution=many(text(example="© OpenStreetMap contributors")),
        features=many(_feature(_MAP)),
    ),
    also=(304, 404, 503),
)
DARKNESS = Call(
    id="coverageDarkness",
    tag="coverage",
    summary=mark("现在失去的与本来就看不见的，GeoJSON 与数字"),
    note=_WAIT,
    path={"id": SITE_ID},
    query=(
        _NIGHT,
        Parameter(
            name="failed",
            schema=text(example="cam-0007,pole-12"),
            note=mark("假设这些也坏了：设备或线路的编号，逗号分开，至多 64 个"),
        ),
        _FAR,
    ),
    media=(GEOJSON,),
    reply=record(
        type=_COLLECTION,
        at_ms=AT,
        site_id=SITE_ID,
        night=flag(),
        failed=many(DEVICE_ID),
        now=_DARK,
        supposed=maybe(_DARK),
        features=many(_feature(_LOST)),
    ),
    also=(304, 404, 503),
)
