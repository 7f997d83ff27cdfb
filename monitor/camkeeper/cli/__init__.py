"""The command line: `camkeeper COMMAND`.

One module a command, light at the top: what is heavy is imported inside the command, so that `--help` is instant.
"""

from __future__ import annotations

import io
import sys

import typer

from camkeeper.cli.access import app as access
from camkeeper.cli.account import account
from camkeeper.cli.backup import backup, restore
from camkeeper.cli.check import check
from camkeeper.cli.clock import clock
from camkeeper.cli.coverage import coverage
from camkeeper.cli.crew import discharge, enlist, poller
from camkeeper.cli.demo import demo
from camkeeper.cli.digest import app as digest
from camkeeper.cli.discover import discover
from camkeeper.cli.doctor import doctor
from camkeeper.cli.edge import app as edge
from camkeeper.cli.export import export
from camkeeper.cli.fleet import fleet
from camkeeper.cli.hub import app as hub
from camkeeper.cli.incidents import ack, incidents
from camkeeper.cli.key import app as key
from camkeeper.cli.key import sign
from camkeeper.cli.map import sheet_map
from camkeeper.cli.mirror import app as mirror
from camkeeper.cli.month import app as month
from camkeeper.cli.notify import app as notify
from camkeeper.cli.picture import app as picture
from camkeeper.cli.plan import plan
from camkeeper.cli.probe import probe
from camkeeper.cli.register import app as register
from camkeeper.cli.report import report
from camkeeper.cli.run import run
from camkeeper.cli.secrets import app as secrets
from camkeeper.cli.selfcheck import selfcheck
from camkeeper.cli.sla import sla
from camkeeper.cli.status import status
from camkeeper.cli.unlatch import unlatch
from camkeeper.cli.verify import verify
from camkeeper.cli.window import app as window
from camkeeper.cli.workorder import app as workorder

app = typer.Typer(
    name="camkeeper",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="摄像机在线率达标了吗？有多大把握？\n\nIs the promise of 95% online kept, and how sure are we?",
)


@app.callback()
def _root() -> None:
    """Keep the commands as sub-commands, even where there is only one."""


for _command in (
    demo,
    run,
    status,
    incidents,
    ack,
    sla,
    report,
    coverage,
    plan,
    verify,
    export,
    sign,
    backup,
    restore,
    account,
    check,
    doctor,
    probe,
    discover,
    unlatch,
    clock,
    selfcheck,
    fleet,
):
    app.command()(_command)
app.command("map")(sheet_map)
app.add_typer(workorder, name="workorder")
app.add_typer(window, name="window")
app.add_typer(notify, name="notify")
app.add_typer(picture, name="picture")
app.add_typer(mirror, name="mirror")
for _of_edge in (enlist, discharge, poller):
    edge.command()(_of_edge)
app.add_typer(month, name="month")
app.add_typer(digest, name="digest")
app.add_typer(register, name="import")
app.add_typer(key, name="key")
app.add_typer(secrets, name="secrets")
app.add_typer(access, name="access")
app.add_typer(edge, name="edge")
app.add_typer(hub, name="hub")


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal in GBK, or in nothing but ASCII, gets what it has no letters for as \uXXXX, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
