"""The words of a register's fields, of findings and of stages. Chinese here, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from camboard.words import mark
from camkeeper.register.fields import Field
from camkeeper.register.finding import Weight
from camkeeper.standing.registers import IntakeState

FIELD: Mapping[Field, str] = {
    Field.ID: mark("设备编号"),
    Field.NAME: mark("设备名称"),
    Field.KIND: mark("设备类型"),
    Field.SITE: mark("所属村（地点）"),
    Field.TOWN: mark("乡镇"),
    Field.HOST: mark("IP 地址"),
    Field.PORT: mark("端口"),
    Field.RTSP_PORT: mark("RTSP 端口"),
    Field.ONVIF_PATH: mark("ONVIF 路径"),
    Field.GB_ID: mark("国标编号"),
    Field.LON: mark("经度"),
    Field.LAT: mark("纬度"),
    Field.LON_LAT: mark("经纬度（一格）"),
    Field.DATUM: mark("坐标系"),
    Field.HEIGHT: mark("安装高度"),
    Field.AZIMUTH: mark("方位角"),
    Field.TILT: mark("俯角"),
    Field.FOCAL: mark("焦距"),
    Field.HFOV: mark("水平视场角"),
    Field.RANGE: mark("监控距离"),
    Field.RESOLUTION: mark("分辨率"),
    Field.CONTRACTOR: mark("维保单位"),
    Field.LINK: mark("链路"),
    Field.INSTALLED: mark("安装日期"),
    Field.SERIAL: mark("序列号"),
    Field.MODEL: mark("型号"),
    Field.MAKER: mark("厂家"),
    Field.CREDENTIAL: mark("凭据"),
    Field.TAGS: mark("标签"),
    Field.IGNORE: mark("不导入"),
}
KEY: Mapping[str, Field] = {
    "name": Field.NAME,
    "kind": Field.KIND,
    "site": Field.SITE,
    "address.host": Field.HOST,
    "address.port": Field.PORT,
    "address.rtsp_port": Field.RTSP_PORT,
    "address.onvif_path": Field.ONVIF_PATH,
    "gb_id": Field.GB_ID,
    "mount.lon_deg": Field.LON,
    "mount.lat_deg": Field.LAT,
    "mount.height_m": Field.HEIGHT,
    "mount.azimuth_deg": Field.AZIMUTH,
    "mount.tilt_deg": Field.TILT,
    "lens.hfov_deg": Field.HFOV,
    "lens.range_m": Field.RANGE,
    "contractor": Field.CONTRACTOR,
    "link": Field.LINK,
    "credential": Field.CREDENTIAL,
    "maker": Field.MAKER,
    "model": Field.MODEL,
    "serial": Field.SERIAL,
    "installed": Field.INSTALLED,
    "tags": Field.TAGS,
}
"""Which field a key of a change is; others are shown as they are."""
WEIGHT: Mapping[Weight, str] = {
    Weight.ERROR: mark("错误：该行不导入"),
    Weight.DOUBT: mark("存疑：请核对"),
    Weight.NOTE: mark("说明"),
}
STAGE: Mapping[IntakeState, str] = {
    IntakeState.WAITING: mark("排队中：前一个文件还在读"),
    IntakeState.READING: mark("正在读文件"),
    IntakeState.ROWS: mark("正在逐行核对"),
    IntakeState.JUDGING: mark("正在与现有配置比较"),
    IntakeState.READY: mark("待确认"),
    IntakeState.REFUSED: mark("不能导入"),
    IntakeState.APPLIED: mark("已写入"),
}
