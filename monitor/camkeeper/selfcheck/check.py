"""All checks, one after the other. None changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from camkeeper.config.secrets import Secrets
from camkeeper.config.secretuse import uses
from camkeeper.model.equipment import Credential
from camkeeper.selfcheck import behind, files, machine
from camkeeper.selfcheck.finding import Finding, Level, fine, unknown
from camkeeper.selfcheck.subject import Subject


def configuration(subject: Subject) -> Iterator[Finding]:
    """Check that the configuration is good."""
    if subject.registry is None:
        yield Finding(
            check="configuration",
            level=Level.BAD,
            zh=f"{subject.config} 有错误",
            en=f"{subject.config} has faults",
            remedy_zh=f"camkeeper check {subject.config}",
            remedy_en=f"camkeeper check {subject.config}",
        )
    else:
        yield fine("configuration", "配置无误", "the configuration has no faults", devices=subject.devices)


def secrets(subject: Subject) -> Iterator[Finding]:
    """Check that every secret can be had; none is shown."""
    if subject.registry is None:
        return
    refs = {use.ref: use.who for use in uses(subject.registry)}
    kept = Secrets(subject.config.parent, subject.environ)
    faults = kept.faults(Credential(id=who, user="", secret_ref=ref) for ref, who in refs.items())
    if not faults:
        yield fine("secrets", "口令都能取到", "every secret can be had", secrets=len(refs))
    # A variable that only the service has cannot be seen from a shell.
    for fault in faults:
        yield Finding(
            check="secrets",
            level=Level.WARN,
            zh=fault.zh,
            en=fault.en,
            remedy_zh="若由 systemd 交付给服务（EnvironmentFile、LoadCredential），可忽略",
            remedy_en="none, where systemd hands it to the service alone (EnvironmentFile, LoadCredential)",
        )


CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    configuration,
    machine.disk,
    machine.clock,
    behind.steps,
    machine.descriptors,
    machine.memory,
    machine.versions,
    machine.zones,
    secrets,
    files.permissions,
    behind.certificate,
    files.databases,
    behind.backups,
    behind.outbox,
    behind.mirror,
)


def examine(subject: Subject) -> tuple[Finding, ...]:
    """Run every check. One that fails by itself is told as such: the others still run."""
    out: list[Finding] = []
    for check in CHECKS:
        try:
            out += check(subject)
        except Exception as error:  # noqa: BLE001 - a damaged file may raise anything, and the rest is still wanted
            name = check.__name__
            out.append(unknown(name, f"{name} 查不了：{error}", f"{name} could not be looked at: {error}"))
    return tuple(out)
