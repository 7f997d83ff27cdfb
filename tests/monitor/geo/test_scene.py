from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camcover.datum import Datum
from camcover.optics import LensModel
from camkeeper.geo import scene
from camkeeper.geo.fault import UnreadableError
from camkeeper.geo.scene_features import KEYS

Json = dict[str, Any]
AT = [113.94, 33.81]


def ring(west: float = 113.939, south: float = 33.809, size: float = 0.002) -> list[list[list[float]]]:
    east, north = west + size, south + size
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def feature(kind: str | None, geometry: str, coordinates: Any, **said: Any) -> Json:
    properties = said if kind is None else {"kind": kind, **said}
    return {"type": "Feature", "properties": properties, "geometry": {"type": geometry, "coordinates": coordinates}}


def camera(id_: Any = "c1", at: Any = AT, **said: Any) -> Json:
    return feature("camera", "Point", at, **{"id": id_, "azimuth_deg": 90, "hfov_deg": 90, "range_m": 50, **said})


def site(id_: Any = "v1", **said: Any) -> Json:
    return feature("site", "Polygon", ring(), id=id_, **said)


def write(path: Path, *features: Any, **members: Any) -> Path:
    file = path / "scene.geojson"
    text = json.dumps({"type": "FeatureCollection", **members, "features": list(features)}, ensure_ascii=False)
    file.write_text(text, encoding="utf-8")
    return file


def told(found: scene.SceneFile) -> list[str]:
    return [str(fault) for fault in found.faults]


def test_what_the_file_does_not_say_is_not_guessed(tmp_path: Path) -> None:
    found = scene.read(write(tmp_path, camera(), site()))
    (one,) = found.cameras
    assert (one.mount.height_m, one.mount.tilt_deg, one.lens.ir_range_m, one.ptz) == (None, None, None, False)
    assert (one.lens.width_px, one.lens.height_px, one.lens.model) == (1920, 1080, LensModel.RECTILINEAR)
    assert found.details["c1"].assumed == ("width_px", "position_error_m", "azimuth_error_deg", "lens_model")
    assert (found.standard, found.target_height_m, found.datum, found.synthetic) == ("dori", 0.0, Datum.WGS84, False)
    assert (found.working, dict(found.links), found.faults) == (frozenset({"c1"}), {}, ())
    assert found.frame.crs == "EPSG:4547"
    assert found.sites[0].shape.area == pytest.approx(185.3 * 221.8, rel=0.01)


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    said = {
        "name": "村口",
        "height_m": 5,
        "tilt_deg": 15,
        "vfov_deg": 50,
        "width_px": 2560,
        "height_px": 1440,
        "lens_model": "fisheye",
        "ir_range_m": 30,
        "ptz": True,
        "working": False,
        "link": "pole-1",
        "links": ["switch-1", "pole-1", 7],
        "position_error_m": 1,
        "azimuth_error_deg": 0,
    }
    road = feature("road", "LineString", [AT, [113.9405, 33.81]])
    place = feature("keyplace", "Point", AT, id="j1", type="junction", band="discern", target=50, weight=2, site="v1")
    path = write(
        tmp_path, camera(**said), site(target=60, parent="t"), place, road, standard="oodpcvs", target_height_m=1.6
    )
    found = scene.read(path)
    (one,) = found.cameras
    assert (one.lens.vertical_deg, one.lens.model, one.lens.ir_range_m) == (50.0, LensModel.FISHEYE, 30.0)
    assert (one.mount.position_error_m, one.mount.azimuth_error_deg) == (1.0, 0.0)
    assert found.details["c1"].assumed == ()
    assert found.working == frozenset()
    assert dict(found.links) == {link: frozenset({"c1"}) for link in ("pole-1", "switch-1", "7")}
    assert (found.keyplaces[0].band, found.keyplaces[0].weight, found.keyplaces[0].target) == ("discern", 2.0, 50.0)
    assert (found.standard, found.target_height_m, len(found.roads)) == ("oodpcvs", 1.6, 1)
    assert told(found) == ["scene.geojson: features[1] (id v1): parent: no site t"]


def test_an_azimuth_nobody_noted_is_allowed(tmp_path: Path) -> None:
    bare = camera("b")
    del bare["properties"]["azimuth_deg"]
    found = scene.read(write(tmp_path, camera("a", azimuth_deg=None), bare, camera("c", azimuth_deg=-90)))
    assert [one.mount.azimuth_deg for one in found.cameras] == [None, None, 270.0]
    assert not found.dropped
    assert [fault.where for fault in found.faults] == ["features[1]", "features[2]"]


@pytest.mark.parametrize(
    ("bad", "en"),
    [
        (None, "is no Feature; left out"),
        ([], "is no Feature; left out"),
        ({"type": "Point", "coordinates": AT}, "is no Feature; left out"),
        ({"type": "Feature", "properties": [], "geometry": None}, "properties must be an object; left out"),
        (feature(None, "Point", AT), "has no kind: one of camera, obstacle, site, keyplace, road; left out"),
        (feature("camra", "Point", AT), "kind wants one of: camera obstacle site keyplace road; not 'camra'; left out"),
        (feature("", "Point", AT), "kind wants one of: camera obstacle site keyplace road; not ''; left out"),
        (camera(None), "has no id; left out"),
        (camera(""), "id is empty or longer than 200 letters; left out"),
        (camera(1.5), "id wants text, not 1.5; left out"),
        (camera(10**5000), None),
        (camera("x", hfov_deg=None), "(id x): has no hfov_deg; left out"),
        (camera("x", hfov_deg=0), "(id x): hfov_deg wants (0, 360], not 0; left out"),
        (camera("x", hfov_deg=361), "(id x): hfov_deg wants (0, 360], not 361; left out"),
        (camera("x", hfov_deg="90"), "(id x): hfov_deg wants a number, not '90'; left out"),
        (camera("x", hfov_deg=True), "(id x): hfov_deg wants a number, not true; left out"),
        (camera("x", hfov_deg=float("nan")), "(id x): hfov_deg is not finite: nan; left out"),
        (camera("x", range_m=float("inf")), "(id x): range_m is not finite: inf; left out"),
        (camera("x", range_m=-5), "(id x): range_m wants (0, 10000], not -5; left out"),
        (camera("x", range_m=10**400), None),
        (camera("x", azimuth_deg=400), "(id x): azimuth_deg wants [-180, 360], not 400; left out"),
        (camera("x", azimuth_deg="北"), "(id x): azimuth_deg wants a number, not '北'; left out"),
        (camera("x", height_m=0), "(id x): height_m wants (0, 1000], not 0; left out"),
        (camera("x", tilt_deg=91), "(id x): tilt_deg wants [-90, 90], not 91; left out"),
        (camera("x", width_px=0.5), "(id x): width_px wants [1, 100000], not 0.5; left out"),
        (camera("x", width_px=1920.5), "(id x): width_px wants a whole number, not 1920.5; left out"),
        (camera("x", working="yes"), "(id x): working wants true or false, not 'yes'; left out"),
        (camera("x", links="sw"), "(id x): links wants a list, not 'sw'; left out"),
        (camera("x", links=[["sw"]]), "(id x): links wants text, not […]; left out"),
        (
            camera("x", lens_model="round"),
            "(id x): lens_model wants one of: rectilinear fisheye; not 'round'; left out",
        ),
        (camera("x", at=[33.81, 113.94]), "(id x): not on this globe: [33.81, 113.94]: swapped?"),
        (camera("x", at=[33.81, 13.94]), "(id x): lies "),
        (camera("x", at=[12.5, 55.0]), "(id x): lies "),
        (camera("x", at=[]), "(id x): the geometry is empty; left out"),
        (camera("c0"), "(id c0): its id is that of features[0]; left out"),
        (
            feature("camera", "LineString", [AT, [114, 33]], id="x", hfov_deg=90, range_m=5),
            "(id x): the geometry of a camera is Point, not LineString; left out",
        ),
        (feature("site", "Polygon", ring(size=1e-9), id="x"), "(id x): the geometry is next to nothing; left out"),
        (feature("site", "Polygon", ring(), id="x", target=101), "(id x): target wants [0, 100], not 101; left out"),
        (
            feature("keyplace", "Point", AT, id="x", type="road", band="observaton"),
            "not 'observaton' (did you mean observation?); left out",
        ),
        (feature("obstacle", "Point", AT), "the geometry of an obstacle is Polygon or MultiPolygon or"),
    ],
)
def test_a_bad_feature_is_told_and_the_rest_is_read(tmp_path: Path, bad: Any, en: str | None) -> None:
    path = tmp_path / "scene.geojson"
    try:
        write(tmp_path, camera("c0"), bad, site())
    except ValueError:  # json itself writes no integer of 5,000 digits
        path.write_text('{"type":"FeatureCollection","features":[{"id":1' + "0" * 5000 + "}]}", encoding="utf-8")
        with pytest.raises(UnreadableError):
            scene.read(path)
        return
    found = scene.read(path)
    assert [one.id for one in found.cameras] == ["c0"]
    assert [one.id for one in found.sites] == ["v1"]
    (fault,) = [fault for fault in found.faults if fault.dropped]
    assert fault.where == "features[1]"
    assert fault.zh.endswith("；已略过")
    assert en is None or en in str(fault)


def test_swapped_coordinates_within_the_globe_are_named(tmp_path: Path) -> None:
    here = [10.2, 54.3]
    found = scene.read(write(tmp_path, camera("a", here), camera("b", here), camera("c", [54.3, 10.2])))
    assert [one.id for one in found.cameras] == ["a", "b"]
    assert "are longitude and latitude swapped?" in told(found)[0]
    assert found.frame.crs.startswith("+proj=tmerc")


def test_what_is_odd_but_usable_is_told_and_used(tmp_path: Path) -> None:
    bow_tie = [[[113.939, 33.809], [113.941, 33.811], [113.941, 33.809], [113.939, 33.811], [113.939, 33.809]]]
    found = scene.read(
        write(
            tmp_path,
            feature("site", "Polygon", bow_tie, id="v1"),
            feature("keyplace", "Point", [113.95, 33.81], id="k", type="pond", site="v2"),
            feature("obstacle", "Polygon", ring(size=1e-4), height="tall", building="yes", amenity="school"),
            feature(None, "Polygon", ring(size=1e-4), building="yes", **{"building:levels": "2"}),
            camera("c1", rang_m=3, link="c1"),
            camera("c2", rang_m=3, note="x"),
            camera("c3", hfov_deg=200, lens_model="rectilinear"),
            feature("obstacle", "Polygon", ring(size=1e-4), heigth_m=6),
            tittle="x",
        )
    )
    assert not found.dropped
    assert [obstacle.height_m for obstacle in found.obstacles] == [None, 6.0, None]
    assert told(found) == [
        "scene.geojson: features[0] (id v1): its outline crosses itself, repaired",
        "scene.geojson: features[2]: height no length: 'tall'; its height is unknown, so it blocks",
        "scene.geojson: features[6] (id c3): no lens of 180 degrees and more is rectilinear: counted as fisheye",
        "scene.geojson: member tittle is not used",
        "scene.geojson: features[4]: rang_m of a camera is not used (did you mean range_m?) (and 1 more)",
        "scene.geojson: features[5]: note of a camera is not used",
        "scene.geojson: features[7]: heigth_m of an obstacle is not used (did you mean height_m?)",
        "scene.geojson: features[1] (id k): site: no site v2",
        "scene.geojson: features[1] (id k): lies outside every site",
        "scene.geojson: features[4] (id c1): link c1 has a camera's id",
    ]


@pytest.mark.parametrize(
    ("text", "en"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 200_000, "nested too deeply"),
        ('{"type":"FeatureCollection","features":' + "[" * 200_000, "nested too deeply"),
        ("[]", "no GeoJSON FeatureCollection"),
        ("null", "no GeoJSON FeatureCollection"),
        ('{"type":"Feature"}', "no GeoJSON FeatureCollection"),
        ('{"type":"FeatureCollection","features":{}}', "no list of features"),
        ('{"type":"FeatureCollection","features":[],"datum":"wgs48"}', "datum wants one of: wgs84 cgcs2000 gcj02 bd09"),
        ('{"type":"FeatureCollection","features":[],"datum":[]}', "datum wants one of"),
        ('{"type":"FeatureCollection","features":[],"standard":"iso"}', "standard wants one of: dori oodpcvs"),
        ('{"type":"FeatureCollection","features":[],"target_height_m":NaN}', "target_height_m is not finite"),
        (
            '{"type":"FeatureCollection","features":[],"crs":{"type":"name","properties":{"name":"EPSG:3857"}}}',
            "not in degrees",
        ),
    ],
)
def test_what_is_no_scene_is_unreadable(tmp_path: Path, text: str, en: str) -> None:
    path = tmp_path / "scene.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableError, match=en):
        scene.read(path)


def test_a_file_beyond_the_limit_is_not_parsed(tmp_path: Path) -> None:
    path = write(tmp_path, camera())
    with pytest.raises(UnreadableError, match=r"larger than 0\.0001 MB"):
        scene.read(path, limit=100)


def test_a_folder_and_a_missing_file_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="is no file"):
        scene.read(tmp_path)
    with pytest.raises(UnreadableError, match="no such file"):
        scene.read(tmp_path / "none.geojson")


def test_an_empty_scene_is_a_scene(tmp_path: Path) -> None:
    found = scene.read(write(tmp_path))
    assert (found.cameras, found.sites, found.faults) == ((), (), ())


def test_old_crs_members_in_degrees_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, camera(), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert scene.read(path).datum is Datum.CGCS2000


def test_a_stated_datum_is_converted_and_a_wrong_one_is_suspected(tmp_path: Path) -> None:
    import numpy as np

    from camcover.datum import from_wgs84

    spots = np.array([[113.9392 + 0.0003 * (k % 4), 33.8092 + 0.0004 * (k // 4)] for k in range(12)])
    shifted = from_wgs84(spots, Datum.GCJ02).tolist()
    plain = scene.read(write(tmp_path, *(camera(f"c{k}", at) for k, at in enumerate(spots.tolist()))))
    gcj = scene.read(write(tmp_path, *(camera(f"c{k}", at) for k, at in enumerate(shifted)), datum="gcj02"))
    for a, b in zip(plain.cameras, gcj.cameras, strict=True):
        assert (a.x_m, a.y_m) == pytest.approx((b.x_m, b.y_m), abs=0.01)
    wrong = scene.read(write(tmp_path, site(), *(camera(f"c{k}", at) for k, at in enumerate(shifted))))
    assert "the file says wgs84, but the cameras look like gcj02" in told(wrong)[-1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEY = st.sampled_from(sorted({key for keys in KEYS.values() for key in keys}))
SHAPE = st.sampled_from([{"type": "Point", "coordinates": AT}, {"type": "Polygon", "coordinates": ring()}])
FEATURE = st.fixed_dictionaries(
    {"type": st.just("Feature"), "geometry": SHAPE | JSON},
    optional={
        "id": JSON,
        "properties": st.builds(
            lambda kind, rest: {**rest, "kind": kind},
            st.sampled_from(sorted(KEYS)),
            st.dictionaries(KEY, JSON, max_size=6),
        ),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FEATURE | JSON, max_size=5), st.dictionaries(st.sampled_from(["name", "note"]), JSON, max_size=2))
def test_whatever_a_file_holds_each_feature_is_used_or_told(tmp_path: Path, features: list[Any], members: Json) -> None:
    path = write(tmp_path, *features, **members)
    try:
        found = scene.read(path)
    except UnreadableError:  # a name that is no text
        assert not isinstance(members.get("name"), str)
        return
    used = len(found.cameras) + len(found.obstacles) + len(found.sites) + len(found.keyplaces) + len(found.roads)
    assert used + found.dropped == len(features)
    assert all(fault.zh and fault.en and str(fault).isprintable() for fault in found.faults)
