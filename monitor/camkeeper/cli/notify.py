"""`camkeeper notify test`: does a message get through, in the platform's own words?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.model.channel import AnyChannel
    from camkeeper.model.letter import Letter, Receipt

app = typer.Typer(no_args_is_help=True, help="消息通道。\n\nChannels of messages.")


@app.callback()
def _root() -> None:
    """Keep `test` as a sub-command."""


@app.command("test")
def send_test(
    channel: Annotated[
        str | None, typer.Argument(metavar="CHANNEL", help="配置里的通道编号 / a channel's id in the configuration")
    ] = None,
    *,
    config: Annotated[Path, typer.Option(help="配置文件 / the configuration")] = Path("config/cameras.yaml"),
    kind: Annotated[
        str | None,
        typer.Option(
            help="不用配置，直接试：wecom dingtalk feishu webhook smtp sms / without configuration: one of these"
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="平台给的完整地址；邮件：smtp://主机:端口、smtp+starttls://用户@主机、smtps://用户@主机 / "
            "the whole address; mail: smtp://HOST:PORT, smtp+starttls://USER@HOST, smtps://USER@HOST"
        ),
    ] = None,
    secret_env: Annotated[
        str | None,
        typer.Option(
            metavar="VAR", help="密钥所在的环境变量（加签密钥、邮箱口令）/ variable with the signing key or password"
        ),
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option(help="收件人：邮箱或手机，可重复 / recipients: mail or phone, repeatable")
    ] = None,
    sender: Annotated[str | None, typer.Option("--from", help="发件人邮箱 / the sender's address")] = None,
    success: Annotated[
        str, typer.Option(help="短信网关的成功标志：JSON路径=值 / a gateway's word for success: PATH=VALUE")
    ] = "code=0",
    text: Annotated[bool, typer.Option("--text", help="发纯文本，不用 Markdown / plain text, no Markdown")] = False,
    english: Annotated[bool, typer.Option("--english", help="英文消息 / the message in English")] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0.1, max=120, help="最多等几秒 / patience")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """发一条测试消息，显示平台自己的代码和原话。只有平台明确接受，退出码才为 0。

    Send a test message and show the platform's own code and words. Exit 0 only where it says that it took the message.
    """
    if (channel is None) is (kind is None):
        _usage(
            "请写通道编号，或写 --kind 与 --url（二者取一）", "give a channel's id, or --kind and --url: one of the two"
        )
    if channel is not None:
        setting, base_dir, name, timezone = _configured(channel, config)
    else:
        setting = _adhoc(
            str(kind),
            url=url,
            secret_env=secret_env,
            to=tuple(to or ()),
            sender=sender,
            success=success,
            markdown=not text,
            english=english,
            timeout_s=timeout_s,
        )
        base_dir, name, timezone = Path(), "camkeeper", "Asia/Shanghai"
    letter = trial_letter(setting, name, timezone)
    receipt = send_once(setting, letter, base_dir)
    show(setting, letter, receipt, as_json=as_json)
    raise typer.Exit(0 if receipt.outcome == "accepted" else 1)


def _usage(zh: str, en: str) -> NoReturn:
    fail(zh, en, code=2)


def _configured(channel: str, config: Path) -> tuple[AnyChannel, Path, str, str]:
    from camkeeper.config import ConfigError, load

    try:
        registry = load(config)
    except ConfigError as error:
        for fault in error.faults[:5]:
            tell(fault.chinese, str(fault))
        fail(f"{config}：配置有误，先执行 camkeeper check", f"{config}: has faults; run camkeeper check first")
    found = next((setting for setting in registry.channels if setting.id == channel), None)
    if found is None:
        known = " ".join(setting.id for setting in registry.channels) or "-"
        _usage(f"没有通道 {channel}；配置里有：{known}", f"no channel {channel}; the configuration has: {known}")
    return found, config.parent, registry.name, registry.sites[0].timezone


def _adhoc(kind: str, *, url: str | None, **options: Any) -> AnyChannel:
    from camkeeper.cli.notify_adhoc import MisuseError, setting
    from camkeeper.model.channel import ChannelKind

    known = [str(k) for k in ChannelKind if k is not ChannelKind.APPRISE]
    if kind not in known:
        _usage(f"--kind 应为：{' '.join(known)}", f"--kind is one of: {' '.join(known)}")
    if not url:
        _usage("--kind 要配 --url", "--kind wants --url")
    try:
        return setting(ChannelKind(kind), url, **options)
    except MisuseError as error:
        _usage(error.zh, error.en)


def trial_letter(setting: AnyChannel, name: str, timezone: str) -> Letter:
    """Return a test letter for a channel; `name` is the township's or county's."""
    from camkeeper.clock import SystemClock
    from camkeeper.message import style_of, trial
    from camkeeper.model.letter import Letter

    now_ms = SystemClock().wall_ms()
    words = trial(
        name=name, channel=setting.name or setting.id, at_ms=now_ms, timezone=timezone, style=style_of(setting)
    )
    return Letter(
        id=f"test-{now_ms}",
        incident_id="TEST",
        seq=1,
        channel_id=setting.id,
        subject=words.subject,
        text=words.text,
        markdown=words.markdown,
        facts=words.facts,
        created_ms=now_ms,
    )


def send_once(setting: AnyChannel, letter: Letter, base_dir: Path) -> Receipt:
    """Send a letter now; ends the command where a secret cannot be read."""
    import asyncio

    from camkeeper.clock import SystemClock
    from camkeeper.config.channels import secret_refs, secret_source
    from camkeeper.config.secrets import SecretError
    from camkeeper.notify import connect, http_session

    source = secret_source(base_dir)
    for ref in secret_refs(setting):
        try:
            source(ref)
        except SecretError as error:
            fail(error.zh, error.en)

    async def once() -> Receipt:
        async with http_session() as session:
            channels = connect([setting], session=session, secrets=source, clock=SystemClock())
            return await channels[setting.id].send(letter)

    return asyncio.run(once())


_OUTCOMES = {
    "accepted": ("已接受", "accepted"),
    "retry": ("暂未接受，可稍后再试", "not now; worth trying again"),
    "refused": ("被拒绝", "refused"),
}


def show(setting: AnyChannel, letter: Letter, receipt: Receipt, *, as_json: bool) -> None:
    """Print what became of it."""
    from camkeeper.message.short import length
    from camkeeper.model.channel import ChannelKind

    cost = length(letter.text)
    if as_json:
        import json

        value = {
            "ok": receipt.outcome == "accepted",
            "channel": setting.id,
            "kind": str(setting.kind),
            "outcome": str(receipt.outcome),
            "code": receipt.code,
            "detail": receipt.detail,
            "retry_after_s": receipt.retry_after_s,
            "characters": cost.characters,
            "segments": cost.segments if setting.kind is ChannelKind.SMS else None,
        }
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    zh, en = _OUTCOMES[str(receipt.outcome)]
    typer.echo(f"{setting.id}（{setting.kind}）：{zh}。平台代码 {receipt.code or '-'}，原话：{receipt.detail or '-'}")
    typer.echo(
        f"{setting.id} ({setting.kind}): {en}. Platform's code {receipt.code or '-'}, words: {receipt.detail or '-'}"
    )
    if receipt.retry_after_s is not None:
        typer.echo(f"{receipt.retry_after_s:g} 秒后再试。\nTry again after {receipt.retry_after_s:g} s.")
    if setting.kind is ChannelKind.SMS:
        typer.echo(f"短信 {cost.characters} 字，{cost.segments} 条计费。")
        typer.echo(f"The message has {cost.characters} characters, paid as {cost.segments}.")
