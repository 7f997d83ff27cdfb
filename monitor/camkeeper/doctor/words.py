"""What people call checks, weights and fields: (zh, en)."""

from __future__ import annotations

from typing import Final

from camkeeper.doctor.finding import Check, FieldName, Severity, Sureness

TITLE: Final[dict[Check, tuple[str, str]]] = {
    Check.DATUM: ("整批坐标系偏移", "A whole batch in another datum"),
    Check.SWAPPED: ("经纬度颠倒", "Longitude and latitude swapped"),
    Check.SLIP: ("经纬度笔误", "A slip in longitude or latitude"),
    Check.OUTSIDE: ("点位不在本村", "Outside its village"),
    Check.POSITION_TWIN: ("点位与朝向完全相同", "Same position, same aim"),
    Check.IN_BUILDING: ("摄像机在建筑内", "Camera inside a building"),
    Check.ID_TWIN: ("设备编号重复", "Id given twice"),
    Check.ADDRESS_TWIN: ("IP 与端口重复", "Address given twice"),
    Check.GB_TWIN: ("国标编号重复", "GB/T 28181 id given twice"),
    Check.SERIAL_TWIN: ("序列号重复", "Serial number given twice"),
    Check.NAME_TWIN: ("同村设备重名", "Same name in one place"),
    Check.GB_ID: ("国标编号不符", "GB/T 28181 id does not fit"),
    Check.NO_POSITION: ("没有点位", "No position"),
    Check.AZIMUTH: ("方位角缺失或不实", "Azimuth missing or made up"),
    Check.HEIGHT: ("安装高度缺失或不可能", "Height missing or impossible"),
    Check.LENS: ("镜头缺失或不可能", "Lens missing or impossible"),
    Check.BLIND: ("按登记看不到地面", "Sees nothing as registered"),
    Check.CROSSED: ("两台设备接反", "Two devices crossed"),
    Check.SAME_DEVICE: ("多个地址是同一台设备", "Several addresses, one device"),
    Check.SERIAL: ("序列号与设备不符", "Another serial number answers"),
    Check.MODEL: ("型号与设备不符", "Another model answers"),
    Check.MAKER: ("厂家与设备不符", "Another maker answers"),
    Check.RESOLUTION: ("分辨率低于登记", "Resolution lower than registered"),
    Check.CLOCK: ("设备时钟不准", "Clock wrong"),
    Check.FIRMWARE: ("同型号固件不一", "Firmware mix within a model"),
    Check.CREDENTIAL: ("全部设备共用一个口令", "One credential for all"),
    Check.NO_CAMERA: ("村里没有摄像机", "Village without a camera"),
    Check.NO_LINK: ("没有登记链路", "No link registered"),
    Check.IDLE_LINK: ("链路下没有设备", "Link that nothing hangs on"),
    Check.IDLE_CONTRACTOR: ("维保单位名下没有设备", "Contractor without devices"),
    Check.UPLINK: ("上行链路或信标缺失", "Uplink or beacon missing"),
}
SEVERITY: Final[dict[Severity, tuple[str, str]]] = {
    Severity.SEVERE: ("严重", "severe"),
    Severity.MINOR: ("一般", "minor"),
    Severity.ADVICE: ("建议", "advice"),
}
SURENESS: Final[dict[Sureness, tuple[str, str]]] = {
    Sureness.PROVEN: ("确证", "proven"),
    Sureness.LIKELY: ("很可能", "likely"),
    Sureness.POSSIBLE: ("可能", "possible"),
}
FIELD: Final[dict[FieldName, tuple[str, str]]] = {
    FieldName.NAME: ("名称", "name"),
    FieldName.POSITION: ("点位", "position"),
    FieldName.ADDRESS: ("地址", "address"),
    FieldName.GB_ID: ("国标编号", "GB/T 28181 id"),
    FieldName.AZIMUTH: ("方位角", "azimuth"),
    FieldName.HEIGHT: ("安装高度", "height"),
    FieldName.LENS: ("镜头", "lens"),
    FieldName.RESOLUTION: ("分辨率", "resolution"),
    FieldName.MAKER: ("厂家", "maker"),
    FieldName.MODEL: ("型号", "model"),
    FieldName.SERIAL: ("序列号", "serial number"),
    FieldName.LINK: ("链路", "link"),
    FieldName.CONTRACTOR: ("维保单位", "contractor"),
}
