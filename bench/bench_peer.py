"""The same 700 monitors in camkeeper and in Nagios Core 4 (Debian's package), page for page in one run.

Weight and elements of a page, time until it is ready at a quarter of the processor's speed, and the server's own time.
Nagios is unpacked into a folder of this run (`apt-get download`, nothing is installed), checks 700 services of which
the same ones are down, and is served by lighttpd. Its pages are weighed as gzip would make them, and loaded as they
are, which on loopback is in its favour. Where the package can't be had, nothing is measured.
"""

from __future__ import annotations

import asyncio
import grp
import gzip
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, web
from playwright.async_api import Browser, Response, async_playwright

from figures import arguments, median, print_figures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.dashboards.stage import ARGS, CHROMIUM
from tests.dashboards.township import AT_MS, Township, township
from tests.monitor.run.township import QUICK_DISK

from camboard.app import create_app, create_runner
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.status import Status
from camkeeper.standing.view import Standing

VILLAGES, THROTTLE = 27, 4
PACKAGES = ("nagios4-core", "nagios4-cgi", "nagios4-common")
LIGHTTPD = "/usr/sbin/lighttpd"
READY = """() => {
    const n = performance.getEntriesByType("navigation")[0];
    return [Math.max(n.domContentLoadedEventEnd, n.loadEventEnd) / 1000, document.querySelectorAll("*").length];
}"""
OURS = {
    "first page": "/",
    "list, 50 a page": "/devices",
    "one device": "/devices/cam-0005",
    "worst village": "/?site=v05",
    "wall": "/wall",
}
THEIRS = {
    "first page": "/cgi/tac.cgi",
    "list, 100 a page": "/cgi/status.cgi?host=all",
    "list, all": "/cgi/status.cgi?host=all&limit=0",
    "groups": "/cgi/status.cgi?hostgroup=all&style=summary",
    "one host": "/cgi/extinfo.cgi?type=1&host=cam-0005",
}
NAGIOS_CFG = """
log_file={f}/nagios.log
cfg_file={f}/objects.cfg
object_cache_file={f}/objects.cache
status_file={f}/status.dat
status_update_interval=5
check_external_commands=0
lock_file={f}/nagios.pid
temp_file={f}/nagios.tmp
temp_path={f}
check_result_path={f}/results
query_socket={f}/nagios.qh
command_file={f}/nagios.cmd
state_retention_file={f}/retention.dat
retain_state_information=0
use_syslog=0
max_service_check_spread=1
service_inter_check_delay_method=0.02
illegal_macro_output_chars=`~$&|'"<>
check_result_reaper_frequency=1
nagios_user={user}
nagios_group={group}
"""
CGI_CFG = """
main_config_file={f}/nagios.cfg
physical_html_path={root}/usr/share/nagios4/htdocs
url_html_path=/nagios4
use_authentication=0
refresh_rate=90
result_limit=100
escape_html_tags=1
"""
LIGHTTPD_CONF = """
server.modules = ("mod_setenv", "mod_alias", "mod_cgi")
server.document-root = "{root}/usr/share/nagios4/htdocs"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{f}/lighttpd.log"
alias.url = ("/cgi/" => "{root}/usr/lib/cgi-bin/nagios4/",
             "/nagios4/stylesheets/" => "{root}/etc/nagios4/stylesheets/",
             "/nagios4/" => "{root}/usr/share/nagios4/htdocs/")
mimetype.assign = (".css" => "text/css", ".js" => "text/javascript", ".png" => "image/png", ".gif" => "image/gif")
setenv.add-environment = ("NAGIOS_CGI_CONFIG" => "{f}/cgi.cfg")
$HTTP["url"] =~ "^/cgi/" {{ cgi.assign = (".cgi" => "") }}
"""


def objects(standing: Standing) -> str:
    """Return the same devices as hosts of Nagios, the same ones down, in a group each village."""
    out = [
        'define command {\n command_name answer\n command_line /bin/sh -c "echo answered; exit $ARG1$"\n}',
        "define timeperiod {\n timeperiod_name always\n alias always\n"
        + "".join(
            f" {day} 00:00-24:00\n"
            for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        )
        + "}",
        "define command {\n command_name tell\n command_line /bin/true\n}",
        (
            "define contact {\n contact_name duty\n host_notification_commands tell\n"
            " service_notification_commands tell\n"
            " host_notification_period always\n service_notification_period always\n}"
        ),
    ]
    for d in standing.devices:
        bad = 2 if d.status is Status.DOWN else 0
        out.append(
            f"define host {{\n host_name {d.id}\n alias {d.name}\n address 127.0.0.1\n hostgroups {d.site_id}\n"
            " max_check_attempts 1\n check_period always\n notification_period always\n contacts duty\n}\n"
            f"define service {{\n host_name {d.id}\n service_description online\n check_command answer!{bad}\n"
            " check_interval 1\n retry_interval 1\n max_check_attempts 1\n"
            " check_period always\n notification_period always\n contacts duty\n}"
        )
    out += [f"define hostgroup {{\n hostgroup_name {s.id}\n alias {s.name}\n}}" for s in standing.sites[1:]]
    return "\n".join(out) + "\n"


def unpacked(folder: Path) -> Path | None:
    """Fetch the packages and unpack them; None where they can't be had."""
    if not shutil.which("apt-get") or not Path(LIGHTTPD).exists():
        return None
    root = folder / "peer"
    done = subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, capture_output=True, timeout=120, check=False)
    found = sorted(folder.glob("nagios4-*.deb"))
    if done.returncode or len(found) != len(PACKAGES):
        return None
    for package in found:
        subprocess.run(["dpkg", "-x", str(package), str(root)], check=True, timeout=60)
    return root


def configured(folder: Path, root: Path, standing: Standing, port: int) -> None:
    """Write the peer's configuration."""
    (folder / "results").mkdir()
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    values = {"f": folder, "root": root, "port": port, "user": user, "group": group}
    for name, text in (("nagios.cfg", NAGIOS_CFG), ("cgi.cfg", CGI_CFG), ("lighttpd.conf", LIGHTTPD_CONF)):
        (folder / name).write_text(text.format(**values), encoding="utf-8")
    (folder / "objects.cfg").write_text(objects(standing), encoding="utf-8")


@asynccontextmanager
async def nagios(folder: Path, root: Path, standing: Standing) -> AsyncIterator[str]:
    """Run the peer until the block ends; yields its address once every monitor was checked."""
    port = free_port()
    configured(folder, root, standing, port)
    daemon = subprocess.Popen(
        [str(root / "usr/sbin/nagios4"), str(folder / "nagios.cfg")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    server = subprocess.Popen([LIGHTTPD, "-D", "-f", str(folder / "lighttpd.conf")])
    try:
        async with asyncio.timeout(240):
            while checked(folder) < len(standing.devices):
                if daemon.poll() is not None:
                    raise RuntimeError(f"nagios4 ended by itself: {daemon.returncode}")
                await asyncio.sleep(1)
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in (server, daemon):
            process.terminate()
        for process in (server, daemon):
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def checked(folder: Path) -> int:
    """Return how many monitors the peer has a state of."""
    status = folder / "status.dat"
    text = status.read_text(encoding="utf-8") if status.exists() else ""
    return sum("has_been_checked=1" in block for block in text.split("servicestatus {")[1:])


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def camkeeper(standing: Standing) -> AsyncIterator[str]:
    """Serve the same monitors by our board, which asks nobody who they are."""
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS))
    runner = create_runner(create_app(Township(value=standing), settings=settings))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def looked_at(browser: Browser, address: str, times: int) -> dict[str, object]:
    """Return a page's weight, elements, and medians of ready and server time."""
    ready, elements, weight = [], 0, 0
    for turn in range(times):
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        bodies: list[Response] = []
        page.on("response", partial(_keep, bodies))
        link = await context.new_cdp_session(page)
        await link.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        await page.goto(address, wait_until="load")
        seconds, elements = await page.evaluate(READY)
        ready.append(float(seconds))
        if turn == 0:
            weight = sum([len(gzip.compress(await b.body(), 6)) for b in bodies if "/events" not in b.url and b.ok])
        await context.close()
    return {
        "kb": round(weight / 1000, 1),
        "elements": elements,
        "ready_s": round(median(ready), 2),
        "server_ms": round(await server_ms(address, 4 * times), 1),
    }


def _keep(bodies: list[Response], answer: Response) -> None:
    bodies.append(answer)


async def server_ms(address: str, times: int) -> float:
    """Return the median milliseconds that the server takes, one request at a time."""
    out = []
    async with ClientSession(auto_decompress=False) as session:
        for _ in range(times):
            began = time.perf_counter()
            async with session.get(address) as answer:
                await answer.read()
                answer.raise_for_status()
            out.append((time.perf_counter() - began) * 1000)
    return median(out)


async def measure(folder: Path, *, quick: bool) -> dict[str, object] | None:
    """Return both sides' figures, page by page; None where there is no peer."""
    root = await asyncio.to_thread(unpacked, folder)
    if root is None:
        return None
    standing, times = township(cameras=661, villages=VILLAGES, speakers=38), 1 if quick else 5
    out: dict[str, object] = {"monitors": len(standing.devices), "throttle": THROTTLE}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        async with nagios(folder, root, standing) as theirs, camkeeper(standing) as ours:
            for name, base, paths in (("camkeeper", ours, OURS), ("nagios", theirs, THEIRS)):
                out[name] = {word: await looked_at(browser, base + path, times) for word, path in paths.items()}
        await browser.close()
    return out


def main() -> int:
    """Run and print; without the peer say so, and that is no failure."""
    quick = arguments(__doc__ or "").parse_args().quick
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        found = asyncio.run(measure(Path(folder), quick=quick))
    print_figures("peer", found or {"skipped": "no apt-get, no lighttpd, or no package nagios4"})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
