"""`camkeeper window`: agreed maintenance and exclusions. Reading is from the ledger, deeds go through the board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.incidents import BoardOption, ByOption, JsonOption
from camkeeper.cli.run import LedgerOption
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.standing.windows import WindowsStanding

app = typer.Typer(
    no_args_is_help=True,
    help="检修窗口与考核剔除：双方约定的时段。\n\nAgreed maintenance, and time left out of the figure.",
)
LEDGER = Path("var/camkeeper.ledger")
PlanArgument = Annotated[str, typer.Argument(help="编号，如 W0001 / its id")]
SiteOption = Annotated[list[str] | None, typer.Option("--site", help="地点，含下级，可多次 / a site, with all below")]
DeviceOption = Annotated[list[str] | None, typer.Option("--device", help="设备，可多次 / a device")]
LinkOption = Annotated[list[str] | None, typer.Option("--link", help="链路，含其下，可多次 / a link, with all behind")]
AllOption = Annotated[bool, typer.Option("--all", help="全部设备 / every device")]
KindOption = Annotated[str, typer.Option("--kind", help="maintenance 检修，exclusion 剔除 / maintenance or exclusion")]
ReasonOption = Annotated[str, typer.Option("--reason", help="事由 / why")]
ApproverOption = Annotated[str, typer.Option("--approver", help="批准人，剔除必填 / who approved an exclusion")]
EvidenceOption = Annotated[
    Path | None,
    typer.Option("--evidence", help="依据文件，剔除必填，10 MB 以内 / a file; an exclusion wants it, 10 MB at most"),
]


@app.command("list")
def list_windows(
    ledger: LedgerOption = LEDGER,
    as_json: JsonOption = False,
    audit: Annotated[bool, typer.Option("--audit", help="逐条登记记录 / every deed: who, when, why")] = False,
) -> None:
    """列出检修与剔除：现在、将来、过去 62 天；只读账本，监测不必在运行。

    List what is agreed now, in the next and the last 62 days. Reads the ledger alone; the monitor need not run.
    """
    from camkeeper.cli.windowshow import as_values, show, show_audit

    standing = _standing(ledger)
    if as_json:
        print(json.dumps(as_values(standing, audit=audit), ensure_ascii=False, indent=2))
    elif audit:
        show_audit(standing)
    else:
        show(standing)


@app.command("add")
def add(
    *,
    by: ByOption,
    reason: ReasonOption,
    from_: Annotated[str, typer.Option("--from", help="开始：now 或 2026-10-06T09:00 / start, local")],
    to: Annotated[str, typer.Option("--to", help="结束 / end")] = "",
    length: Annotated[str, typer.Option("--length", help="时长，如 2h、90m / how long, instead of --to")] = "",
    repeat: Annotated[str, typer.Option("--repeat", help='重复规则，如 "FREQ=WEEKLY;BYDAY=TU" / a rule')] = "",
    until: Annotated[str, typer.Option("--until", help="重复到哪天（含）/ the last day of a rule")] = "",
    kind: KindOption = "maintenance",
    site: SiteOption = None,
    device: DeviceOption = None,
    link: LinkOption = None,
    all_: AllOption = False,
    approver: ApproverOption = "",
    evidence: EvidenceOption = None,
    ledger: LedgerOption = LEDGER,
    board: BoardOption = None,
) -> None:
    """登记检修或剔除。检修须事先登记；剔除可补登，须附依据与批准人。

    Enter maintenance beforehand, or an exclusion, which wants evidence and an approver and may be entered afterwards.
    """
    fields = _scope(site, device, link, all_=all_) | {
        "by": by,
        "kind": kind,
        "from": from_,
        "to": to,
        "length": length,
        "repeat": repeat,
        "until": until,
        "reason": reason,
        "approver": approver,
    }
    plan_id = _send(fields, evidence, ledger, board)
    tell(f"{plan_id} 已登记", f"{plan_id} is entered")


@app.command("end")
def end(
    plan_id: PlanArgument,
    by: ByOption,
    text: Annotated[str, typer.Option("--text", help="说明 / a note")] = "",
    ledger: LedgerOption = LEDGER,
    board: BoardOption = None,
) -> None:
    """现在结束；之前的仍然算数。

    End it now; what was before still stands.
    """
    _step("end", plan_id, by, text, ledger, board)
    tell(f"{plan_id} 已结束", f"{plan_id} is ended")


@app.command("withdraw")
def withdraw(
    plan_id: PlanArgument,
    by: ByOption,
    text: Annotated[str, typer.Option("--text", help="原因，必填 / why; wanted")] = "",
    ledger: LedgerOption = LEDGER,
    board: BoardOption = None,
) -> None:
    """整项撤回：还没开始的，或登错的剔除。已封账的月份不变。

    Take it back as a whole: one that has not begun, or a mistaken exclusion. Closed months stay as they are.
    """
    _step("withdraw", plan_id, by, text, ledger, board)
    tell(f"{plan_id} 已撤回", f"{plan_id} is withdrawn")


@app.command("import")
def import_ics(
    file: Annotated[Path, typer.Argument(help="日历文件 / a calendar (ICS)")],
    *,
    by: ByOption,
    kind: KindOption = "maintenance",
    reason: ReasonOption = "",
    site: SiteOption = None,
    device: DeviceOption = None,
    link: LinkOption = None,
    all_: AllOption = False,
    approver: ApproverOption = "",
    evidence: EvidenceOption = None,
    ledger: LedgerOption = LEDGER,
    board: BoardOption = None,
) -> None:
    """把日历里的事件逐个登记；读不了的逐个说明。

    Enter a calendar's events one by one; those that cannot be read are told one by one.
    """
    from camkeeper.window.ics_read import MAX_BYTES, read_ics
    from camkeeper.window.words import ICS_FAULT

    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"读不了 {file}：{error}", f"cannot read {file}: {error}")
    reading = read_ics(data, tz=_standing(ledger).tz)
    for told in reading.faults:
        zh, en = ICS_FAULT[told.fault]
        tell(
            f"跳过 {told.uid or file.name}：{zh} {told.detail}", f"left out {told.uid or file.name}: {en} {told.detail}"
        )
    scope = _scope(site, device, link, all_=all_)
    for event in reading.events:
        fields = scope | {
            "by": by,
            "kind": kind,
            "from": event.first.isoformat(timespec="minutes"),
            "tz": event.tz,
            "length": f"{event.length_ms // 60_000}m",
            "repeat": str(event.rule) if event.rule is not None else "",
            "except": " ".join(sorted(day.isoformat() for day in event.but)),
            "reason": reason or event.summary or event.uid,
            "approver": approver,
        }
        plan_id = _send(fields, evidence, ledger, board)
        tell(f"{plan_id} 已登记：{event.summary}", f"{plan_id} is entered: {event.summary}")
    if not reading.events:
        fail("没有登记任何事件", "nothing was entered")
    if reading.faults:
        raise typer.Exit(1)


@app.command("export")
def export_ics(
    out: Annotated[Path, typer.Argument(help="写到哪里，- 为标准输出 / where to, - for standard output")] = Path("-"),
    ledger: LedgerOption = LEDGER,
) -> None:
    """把检修与剔除写成日历（ICS）；只读账本。

    Write what is agreed as a calendar. Reads the ledger alone.
    """
    import sys

    from camkeeper.cli.windowshow import calendar

    data = calendar(_standing(ledger))
    if str(out) == "-":
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        fail(f"写不了 {out}：{error}", f"cannot write {out}: {error}")
    tell(f"已写入 {out}", f"written to {out}")


def _standing(ledger: Path) -> WindowsStanding:
    from camkeeper.clock import SystemClock
    from camkeeper.ledger import LedgerError, LedgerReader
    from camkeeper.ledger.configs import zone_of
    from camkeeper.run.desk.windowview import windows_standing

    try:
        with LedgerReader(ledger) as reader, reader.reading():
            found, book = reader.config_at(), reader.window_book()
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    if found is None:
        fail(f"账本 {ledger} 还是空的", f"the ledger {ledger} is still empty")
    return windows_standing(found.config, book, tz=zone_of(found.config), at_ms=SystemClock().wall_ms())


def _scope(site: list[str] | None, device: list[str] | None, link: list[str] | None, *, all_: bool) -> dict[str, str]:
    return {
        "sites": " ".join(site or ()),
        "devices": " ".join(device or ()),
        "links": " ".join(link or ()),
        "all": "1" if all_ else "",
    }


def _send(fields: dict[str, str], evidence: Path | None, ledger: Path, board: str | None) -> str:
    """Enter one; return its id."""
    from camkeeper.cli.act import post, post_file
    from camkeeper.window.evidence import EvidenceError, take_evidence
    from camkeeper.window.words import EVIDENCE_FAULT

    kept = {name: value for name, value in fields.items() if value}
    if evidence is None:
        answer = post("api/v1/windows", kept, ledger=ledger, board=board)
    else:
        try:
            data = evidence.read_bytes()
        except OSError as error:
            fail(f"读不了 {evidence}：{error}", f"cannot read {evidence}: {error}")
        try:
            take_evidence(evidence.name, data)  # before ten megabytes travel in vain
        except EvidenceError as error:
            fail(*EVIDENCE_FAULT[error.fault])
        answer = post_file("api/v1/windows", kept, ("evidence", evidence.name, data), ledger=ledger, board=board)
    return str(answer.get("id", "?"))


def _step(step: str, plan_id: str, by: str, text: str, ledger: Path, board: str | None) -> None:
    from urllib.parse import quote

    from camkeeper.cli.act import post

    post(f"api/v1/windows/{quote(plan_id, safe='')}/{step}", {"by": by, "text": text}, ledger=ledger, board=board)
