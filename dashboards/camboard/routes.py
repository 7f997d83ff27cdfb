"""Who may do what: every route of the board, one line each. Nothing answers that isn't declared here.

A role says which lines; what part of the township they show is the lens's (`lens`). Lines are found in the order in
which they stand.
"""

from __future__ import annotations

from aiohttp import web

from camboard import api, assets, events, metrics, pages
from camboard.access import accounts, commands, outside, signin
from camboard.audit import page as auditpage
from camboard.cover import api as coverapi
from camboard.cover import page as mappage
from camboard.cover import sitesgeo
from camboard.desk import api as deskapi
from camboard.desk import page as deskpage
from camboard.desk import phone as phonepage
from camboard.desk import tables as desktables
from camboard.device import current as devicecurrent
from camboard.device import page as devicepage
from camboard.device import steps as devicesteps
from camboard.devices import geo as devicesgeo
from camboard.devices import page as devicespage
from camboard.devices import tagging
from camboard.doctor import page as doctorpage
from camboard.history import page as historypage
from camboard.history import way as historyway
from camboard.months import api as monthapi
from camboard.openapi import cover, desk, doctor, figures, machines, township, windows
from camboard.openapi import page as apipage
from camboard.picture import api as pictureapi
from camboard.picture import views as viewspage
from camboard.register import page as registerpage
from camboard.reports import acts as reportacts
from camboard.reports import page as reportpage
from camboard.route import ADMIN, CREW, DEVICES, FIGURES, METRICS, PEOPLE, PUBLIC, REPAIR, WALL, Route, Table, get, post
from camboard.wall import page as wallpage
from camboard.why import page as whypage
from camboard.windows import page as windowpage
from camboard.work import api as orderapi
from camboard.work import channels as settingspage
from camboard.work import page as orderpage

_ORDER, _FILE = f"/orders/{orderpage.NUMBER}", "{digest:[0-9a-f]{64}}"
_DEVICE = "/devices/{id}"

OVERVIEW = (
    get("/", pages.home, PEOPLE),
    get("/fragments/board", pages.fragment, PEOPLE),
    get("/events", events.events, PEOPLE | WALL, head=False, call=machines.EVENTS_CALL),
    get("/api/v1/standing", api.standing, PEOPLE, call=township.STANDING_CALL),
    get("/api/v1/sites", api.sites, PEOPLE, call=township.SITES),
    get("/api/v1/sites/{id}", api.site, PEOPLE, call=township.SITE_CALL),
    get("/api/v1/sla", api.sla, FIGURES, call=figures.SLA_CALL),
)
AUDIT = (
    get("/audit", auditpage.page, CREW),
    get("/audit.csv", auditpage.csv, CREW, note="export", call=figures.AUDIT_CSV),
)
SCREEN = (
    get("/wall", wallpage.page, PEOPLE | WALL),
    get("/wall/data", wallpage.data, PEOPLE | WALL),
)
COVERAGE = (
    get("/map", mappage.page, FIGURES),
    get("/fragments/map", mappage.fragment, FIGURES),
    get("/api/v1/coverage", coverapi.coverage, FIGURES, call=cover.COVERAGE),
    get("/api/v1/coverage/map.geojson", coverapi.chart, FIGURES, call=cover.MAP),
    get("/api/v1/coverage/sites.geojson", sitesgeo.sites, FIGURES, call=cover.SITES_GEOJSON),
    get("/api/v1/coverage/sites/{id}", coverapi.site, FIGURES, call=cover.SITE),
    get("/api/v1/coverage/sites/{id}/darkness.geojson", coverapi.darkness, FIGURES, call=cover.DARKNESS),
)
REPORTS = (
    get("/reports", reportpage.page, FIGURES),
    get("/fragments/reports", reportpage.fragment, FIGURES),
    get("/reports.csv", reportpage.months_csv, FIGURES, note="export", call=figures.MONTHS_CSV),
    get(f"/reports/{reportpage.MONTH}", reportpage.month, FIGURES),
    get(f"/fragments/reports/{reportpage.MONTH}", reportpage.month_fragment, FIGURES),
    get(f"/reports/{reportpage.MONTH}.csv", reportpage.month_csv, FIGURES, note="export", call=figures.MONTH_CSV),
    get(f"/reports/{reportpage.MONTH}.json", reportpage.month_json, FIGURES, note="export", call=figures.MONTH_JSON),
    get(f"/reports/{reportpage.MONTH}.pdf", reportpage.month_pdf, FIGURES, note="export"),
    get(f"/reports/{reportpage.MONTH}.xlsx", reportpage.month_xlsx, FIGURES, note="export"),
    get(reportpage.DEDUCTIONS, reportacts.deductions, FIGURES),
    get(f"/fragments{reportpage.DEDUCTIONS}", reportacts.deductions_fragment, FIGURES),
    get(reportpage.CLOSE, reportacts.ask_close, ADMIN),
    post(reportpage.CLOSE, reportacts.close, ADMIN, note="month_step"),
    get(reportpage.AMEND, reportacts.ask_amend, ADMIN),
    post(reportpage.AMEND, reportacts.amend, ADMIN, note="month_step"),
    post("/api/v1/months/{month}/{step}", monthapi.step, ADMIN, note="month_step", call=figures.MONTH_STEP),
    get("/trend", reportpage.trend, PEOPLE),
    get("/fragments/trend", reportpage.trend_fragment, PEOPLE),
)
DOCTOR = (
    get("/doctor", doctorpage.page, CREW),
    get("/fragments/doctor", doctorpage.fragment, CREW),
    post("/doctor", doctorpage.fix, CREW, note="doctor_fix"),
    get("/doctor.csv", doctorpage.findings_csv, CREW, note="export", call=doctor.DOCTOR_CSV),
    get("/doctor/fields.csv", doctorpage.fields_csv, CREW, note="export", call=doctor.DOCTOR_FIELDS_CSV),
    get("/api/v1/doctor", doctorpage.examined, CREW, call=doctor.DOCTOR),
    post("/api/v1/doctor/fix", doctorpage.fixed, CREW, note="doctor_fix", call=doctor.DOCTOR_FIX),
)
HISTORY = (
    get(historyway.SITE, historypage.site, FIGURES),
    get(historyway.DEVICE, historypage.device, DEVICES),
)
WHY = (
    get("/why", whypage.page, PEOPLE),
    get("/why.csv", whypage.stretches_csv, PEOPLE, call=figures.WHY_CSV),
    get("/why/cameras.csv", whypage.cameras_csv, PEOPLE, call=figures.WHY_CAMERAS_CSV),
)
DEVICE = (
    get("/devices", devicespage.page, DEVICES),
    get("/fragments/devices", devicespage.fragment, DEVICES),
    get("/devices.csv", devicespage.table, DEVICES, call=township.DEVICES_CSV),
    post("/devices", devicespage.act, REPAIR, note="probe_now"),
    post(tagging.LABELS, tagging.undo, CREW, note="register_step"),
    post(f"{_DEVICE}/probe", devicesteps.probe, REPAIR, note="probe_now"),
    get(f"{_DEVICE}/label", devicesteps.label, REPAIR),
    get(_DEVICE, devicepage.page, DEVICES),
    get(f"/fragments{_DEVICE}", devicepage.fragment, DEVICES),
    get("/api/v1/devices", api.devices, DEVICES, call=township.DEVICES),
    get("/api/v1/devices.geojson", devicesgeo.devices, DEVICES, call=township.DEVICES_GEOJSON),
    get(f"/api/v1{_DEVICE}", api.device, DEVICES, call=township.DEVICE_CALL),
    post(f"{_DEVICE}/view", devicepage.view, CREW, note="view"),
    get(f"{_DEVICE}/thumbnail/{{ticket}}", devicepage.thumbnail, CREW, head=False),
    post(f"{_DEVICE}/current", devicecurrent.ask, CREW, note="view_current"),
    get(f"{_DEVICE}/current/{{ticket}}", devicecurrent.page, CREW, head=False),
    get(f"{_DEVICE}/current/{{ticket}}/picture", devicecurrent.picture, CREW, head=False),
    post(f"{_DEVICE}/relearn", devicepage.relearn, CREW, note="relearn"),
    post(f"/api/v1{_DEVICE}/relearn", pictureapi.relearn, CREW, note="relearn", call=windows.RELEARN),
    get("/views", viewspage.page, CREW),
    get("/fragments/views", viewspage.fragment, CREW),
    get("/api/v1/pictures", pictureapi.pictures, REPAIR, call=windows.PICTURES_CALL),
    get("/api/v1/views", pictureapi.views, CREW, call=windows.VIEWS),
)
DESK = (
    get("/incidents", deskpage.incidents, REPAIR),
    get("/incidents.csv", desktables.incidents, REPAIR, call=desk.INCIDENTS_CSV),
    get("/fragments/incidents", deskpage.incidents_fragment, REPAIR),
    get("/incidents/{id}", deskpage.incident, REPAIR),
    post("/incidents/{id}", deskpage.act, REPAIR, note="step"),
    get("/fragments/incidents/{id}", deskpage.incident_fragment, REPAIR),
    get("/api/v1/incidents", deskapi.incidents, REPAIR, call=desk.INCIDENTS),
    get("/api/v1/incidents/{id}", deskapi.incident, REPAIR, call=desk.INCIDENT_CALL),
    post("/api/v1/incidents/{id}/ack", deskapi.acknowledge, REPAIR, note="acknowledge", call=desk.ACKNOWLEDGE),
    post("/api/v1/incidents/{id}/merge", deskapi.merge, CREW, note="merge", call=desk.MERGE),
    post("/api/v1/incidents/{id}/unmerge", deskapi.unmerge, CREW, note="merge", call=desk.UNMERGE),
)
ORDERS = (
    get("/orders", deskpage.orders, REPAIR),
    get("/orders.csv", desktables.orders, REPAIR, call=desk.ORDERS_CSV),
    get("/fragments/orders", deskpage.orders_fragment, REPAIR),
    get("/orders/route", orderpage.route, REPAIR),
    get("/fragments/orders/route", orderpage.route, REPAIR),
    get(_ORDER, orderpage.order, REPAIR),
    post(_ORDER, orderpage.act, REPAIR, note="step"),
    get(f"/fragments{_ORDER}", orderpage.order_fragment, REPAIR),
    post(f"{_ORDER}/photo", orderpage.photo, REPAIR, note="photo"),
    get(f"{_ORDER}/photos/{_FILE}", orderpage.photo_file, REPAIR),
    get("/api/v1/orders", deskapi.orders, REPAIR, call=desk.ORDERS),
    get("/api/v1/orders/route", orderapi.route, REPAIR, call=desk.ROUTE),
    get(f"/api/v1{_ORDER}", orderapi.order, REPAIR, call=desk.ORDER_CALL),
    post(f"/api/v1{_ORDER}/photo", orderapi.photo, REPAIR, note="photo", call=desk.PHOTO),
    post(f"/api/v1{_ORDER}/assign", orderapi.assign, CREW, note="assign", call=desk.ASSIGN),
    post(f"/api/v1{_ORDER}/sign", orderapi.sign, REPAIR, note="round", call=desk.SIGN),
    get(f"/api/v1{_ORDER}/photos/{_FILE}", orderpage.photo_file, REPAIR, call=desk.PHOTO_FILE),
    post("/api/v1/orders/{number}/{step}", deskapi.step, REPAIR, note="step", call=desk.STEP_CALL),
)
WINDOWS = (
    get("/windows", windowpage.page, CREW),
    get("/fragments/windows", windowpage.fragment, CREW),
    get("/windows.ics", windowpage.calendar, CREW, call=windows.WINDOWS_ICS),
    get("/windows/new", windowpage.new, CREW),
    get("/fragments/windows/new", windowpage.new_fragment, CREW),
    post("/windows/new", windowpage.add, CREW, note="window_add"),
    get("/windows/evidence/{digest}", windowpage.evidence, CREW),
    post("/windows/{id}", windowpage.act, CREW, note="window_step"),
    get("/api/v1/windows", windowpage.listed, CREW, call=windows.WINDOWS_CALL),
    post("/api/v1/windows", windowpage.added, CREW, note="window_add", call=windows.WINDOW_ADD),
    post("/api/v1/windows/{id}/{step}", windowpage.stepped, CREW, note="window_step", call=windows.WINDOW_STEP),
)
REGISTER = (
    get("/import", registerpage.page, ADMIN),
    post("/import", registerpage.upload, ADMIN, note="register_step"),
    get("/import/register.xlsx", registerpage.workbook, ADMIN, note="export"),
    post("/import/undo", registerpage.undo, ADMIN, note="register_step"),
    get("/import/{draft}/findings.csv", registerpage.findings_csv, ADMIN),
    get("/import/{draft}/changes.csv", registerpage.changes_csv, ADMIN),
    get("/import/{draft}/rows.csv", registerpage.rows_csv, ADMIN),
    post("/import/{draft}", registerpage.act, ADMIN, note="register_step"),
)
SETTINGS = (
    get("/settings", settingspage.settings, CREW),
    get("/fragments/settings", settingspage.settings, CREW),
    post("/settings/channels/{id}", settingspage.test, CREW, note="channel_test"),
)
PHONE = (
    # Whoever has the address may act: it is its own key.
    get("/i/{token}", phonepage.page, PUBLIC),
    post("/i/{token}", phonepage.act, PUBLIC, note="step"),
    post("/i/{token}/photo", phonepage.photo, PUBLIC, note="photo"),
    get(f"/i/{{token}}/photos/{_FILE}", phonepage.photo_file, PUBLIC),
)
MACHINES = (
    get("/api/v1/openapi.json", apipage.document, PEOPLE, call=machines.DOCUMENT),
    get("/api/v1/docs", apipage.docs, PEOPLE),
    get("/static/{name}", assets.static, PUBLIC),
    get("/healthz", api.healthz, PUBLIC, call=machines.HEALTHZ),
    get("/readyz", api.readyz, PUBLIC, call=machines.READYZ),
    get("/metrics", metrics.metrics, METRICS, call=machines.METRICS),
)

SIGN_IN = (
    get("/login", signin.page, PUBLIC),
    post("/login", signin.enter, PUBLIC, note="login"),
    get("/login/outside", outside.leave, PUBLIC, head=False),
    get("/login/return", outside.enter, PUBLIC, head=False),
    post("/logout", signin.leave, PEOPLE, note="logout"),
    get("/account", signin.account, PEOPLE),
    post("/account", signin.change, PEOPLE, note="password_set"),
    get("/accounts", accounts.page, ADMIN),
    post("/accounts", accounts.add, ADMIN, note="account_add", call=machines.ACCOUNT_ADD),
    post("/accounts/{name}", accounts.act, ADMIN, note="account_change", call=machines.ACCOUNT_CHANGE),
    post("/tokens", accounts.add_token, ADMIN, note="token_new", call=machines.TOKEN_ADD),
    post("/tokens/{id}", accounts.revoke, ADMIN, note="token_revoke", call=machines.TOKEN_REVOKE),
    get("/api/v1/accounts", accounts.listed, ADMIN, call=machines.ACCOUNTS),
    post("/api/v1/access/{command}", commands.act, ADMIN, note="account_change", call=machines.COMMAND),
)

ROUTES: tuple[Route, ...] = (
    *OVERVIEW,
    *SCREEN,
    *AUDIT,
    *COVERAGE,
    *REPORTS,
    *HISTORY,
    *DOCTOR,
    *WHY,
    *DEVICE,
    *DESK,
    *ORDERS,
    *WINDOWS,
    *REGISTER,
    *SETTINGS,
    *SIGN_IN,
    *PHONE,
    *MACHINES,
)


def table() -> Table:
    """Return the whole table."""
    return Table(ROUTES)


def enrol(router: web.UrlDispatcher, lines: Table) -> dict[web.AbstractRoute, Route]:
    """Let the router know the table; return which line each of its routes stands for."""
    out: dict[web.AbstractRoute, Route] = {}
    for route in lines.routes:
        if route.method == "GET" and route.head:
            out[router.add_route("HEAD", route.path, route.handler)] = route
        out[router.add_route(route.method, route.path, route.handler)] = route
    return out
