"""Which fields a register may have, and by which words people head their columns."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

from camcover.datum import Datum


class Field(StrEnum):
    """A field of a device, as a column has it."""

    ID = "id"
    NAME = "name"
    KIND = "kind"
    SITE = "site"
    TOWN = "town"
    HOST = "host"
    PORT = "port"
    RTSP_PORT = "rtsp_port"
    ONVIF_PATH = "onvif_path"
    GB_ID = "gb_id"
    LON = "lon"
    LAT = "lat"
    LON_LAT = "lon_lat"
    DATUM = "datum"
    HEIGHT = "height_m"
    AZIMUTH = "azimuth_deg"
    TILT = "tilt_deg"
    FOCAL = "focal_mm"
    HFOV = "hfov_deg"
    RANGE = "range_m"
    RESOLUTION = "resolution"
    CONTRACTOR = "contractor"
    LINK = "link"
    INSTALLED = "installed"
    SERIAL = "serial"
    MODEL = "model"
    MAKER = "maker"
    CREDENTIAL = "credential"
    TAGS = "tags"
    IGNORE = "ignore"
    """Known, and not ours: a running number, a remark, a telephone."""


ALIASES: Final[dict[Field, tuple[str, ...]]] = {
    Field.ID: ("编号", "设备编号", "点位编号", "摄像机编号", "监控编号", "资产编号", "设备id", "id", "deviceid",
               "device", "camera id", "cameraid", "code", "设备编码"),
    Field.NAME: ("名称", "设备名称", "点位名称", "摄像机名称", "监控名称", "监控点名称", "点位", "监控点", "安装位置",
                 "安装地点", "详细地址", "name", "device name", "camera name", "camera", "location"),
    Field.KIND: ("类型", "设备类型", "摄像机类型", "监控点类型", "种类", "kind", "type", "device type", "camera type"),
    Field.SITE: ("村", "行政村", "所属村", "村名", "村庄", "所在村", "所属行政村", "村居", "村委会", "村社区",
        "所属地点",
                 "地点", "网格", "村代码", "行政村代码", "区划代码", "行政区划代码", "site", "village", "village code",
                 "site id"),
    Field.TOWN: ("乡镇", "所属乡镇", "镇", "街道", "乡镇街道", "town", "township"),
    Field.HOST: ("ip", "ip地址", "设备ip", "摄像机ip", "网络地址", "ipv4", "ipv4地址", "地址", "ip端口", "ip地址端口",
                 "ip:端口", "ip及端口", "ip address", "host", "address", "ip:port"),
    Field.PORT: ("端口", "端口号", "http端口", "onvif端口", "服务端口", "port", "http port", "onvif port"),
    Field.RTSP_PORT: ("rtsp端口", "流端口", "rtsp port", "rtsp"),
    Field.ONVIF_PATH: ("onvif路径", "onvif地址路径", "onvif path", "service path"),
    Field.GB_ID: ("国标编号", "国标编码", "国标id", "国标码", "gb28181编码", "gb28181编号", "gb28181id", "gb编号",
                  "gb编码", "28181编码", "通道国标编号", "gb id", "gb28181 id", "gb/t28181编码", "gb/t28181"),
    Field.LON: ("经度", "东经", "lon", "lng", "longitude", "x坐标", "经度坐标", "lon deg"),
    Field.LAT: ("纬度", "北纬", "lat", "latitude", "y坐标", "纬度坐标", "lat deg"),
    Field.LON_LAT: ("经纬度", "坐标", "位置坐标", "地理坐标", "经度纬度", "lonlat", "lon lat", "lng lat", "coordinates",
                    "position"),
    Field.DATUM: ("坐标系", "坐标系统", "坐标类型", "datum", "crs"),
    Field.HEIGHT: ("高度", "安装高度", "挂高", "架设高度", "杆高", "离地高度", "height", "mount height"),
    Field.AZIMUTH: ("方位角", "朝向", "方向", "监控方位", "拍摄方向", "安装方向", "照射方向", "azimuth", "bearing",
                    "direction", "heading"),
    Field.TILT: ("俯角", "俯仰角", "下倾角", "tilt", "pitch"),
    Field.FOCAL: ("焦距", "镜头焦距", "镜头", "focal", "focal length"),
    Field.HFOV: ("视场角", "水平视场角", "水平视角", "hfov", "fov", "field of view"),
    Field.RANGE: ("监控距离", "有效距离", "可视距离", "range"),
    Field.RESOLUTION: ("分辨率", "像素", "清晰度", "resolution"),
    Field.CONTRACTOR: ("维保单位", "运维单位", "维护单位", "承建单位", "施工单位", "contractor", "maintainer"),
    Field.LINK: ("链路", "上联设备", "交换机", "接入交换机", "所属杆", "立杆编号", "杆号", "杆件编号", "link", "switch",
                 "pole"),
    Field.INSTALLED: ("安装日期", "安装时间", "建设时间", "建设年份", "投用时间", "启用日期", "install date",
        "installed",
                      "installed on"),
    Field.SERIAL: ("序列号", "设备序列号", "sn", "s/n", "serial", "serial number", "出厂编号"),
    Field.MODEL: ("型号", "设备型号", "规格型号", "摄像机型号", "model"),
    Field.MAKER: ("厂家", "厂商", "品牌", "生产厂家", "设备厂商", "制造商", "maker", "manufacturer", "brand", "vendor"),
    Field.CREDENTIAL: ("凭据", "credential"),
    Field.TAGS: ("标签", "设备标签", "标记", "tags", "tag", "labels", "label"),
    Field.IGNORE: ("序号", "序", "no", "no.", "#", "备注", "说明", "联系人", "联系电话", "电话", "责任人", "用户名",
                   "密码",
                   "口令", "mac", "mac地址", "子网掩码", "网关", "状态", "在线状态", "remark", "remarks", "note",
                   "notes",
                   "phone", "status", "gateway", "取电方式", "传输方式", "所属派出所", "派出所", "县区", "区县", "市",
                   "补光", "存储天数"),
}  # fmt: skip

_DATUMS: Final = (
    (re.compile(r"gcj[-_ ]?0?2|火星|高德|腾讯|amap|gaode|国测局"), Datum.GCJ02),
    (re.compile(r"bd[-_ ]?0?9|百度|baidu"), Datum.BD09),
    (re.compile(r"cgcs[-_ ]?2000|国家\s*2000|2000\s*国家|大地\s*2000"), Datum.CGCS2000),
    (re.compile(r"wgs[-_ ]?(19)?84|gps"), Datum.WGS84),
)
_UNITS = re.compile(r"[(\[{<（【].*?[)\]}>）】]|[*:：?？]+$")
_JOINTS = re.compile(r"[\s_\-·、,，/|&.。]+")


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    r"""Return text with full-width letters halved, blanks made one, and invisible characters gone.

    >>> plain("１０．１．２．３　Ａ\u200b")
    '10.1.2.3 A'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    halved = unicodedata.normalize("NFKC", text)
    return " ".join("".join(c for c in halved if c.isprintable() or c.isspace()).split())


def heading(text: str) -> str:
    """Return a heading without units, joints and case: what aliases are compared by.

    >>> heading("安装高度（米）"), heading("GB/T 28181 编码*"), heading("经度(GCJ-02)")
    ('安装高度', 'gbt28181编码', '经度')
    """
    return _JOINTS.sub("", _UNITS.sub("", plain(text).lower()))


_BY_HEADING: Final = {heading(word): field for field, words in ALIASES.items() for word in words}
_TOLD: Final = {Field.IGNORE: ("不导入", "not imported")}


def field_of(text: str) -> tuple[Field, str] | None:
    """Return which field a column's heading means, and by which known word; None: nobody knows.

    Exact words first; then the longest known word of three characters or more that the heading holds.
    """
    head = heading(text)
    if not head:
        return None
    if head in _BY_HEADING:
        return _BY_HEADING[head], head
    held = [word for word in _BY_HEADING if len(word) >= 3 and word in head]
    if not held:
        return None
    best = max(held, key=len)
    return _BY_HEADING[best], best


def datum_in(text: str) -> Datum | None:
    """Return which datum a heading or a title names.

    >>> datum_in("经度（高德）"), datum_in("坐标系：CGCS2000"), datum_in("经度")
    (<Datum.GCJ02: 'gcj02'>, <Datum.CGCS2000: 'cgcs2000'>, None)
    """
    lowered = plain(text).lower()
    return next((datum for pattern, datum in _DATUMS if pattern.search(lowered)), None)
