"""What a standing finding makes of a sample: the device answers, and its picture is of no use."""

from __future__ import annotations

from dataclasses import replace

from camkeeper.model.picture import Finding, PictureVerdict, Scope
from camkeeper.model.probing import Sample
from camkeeper.model.status import Reason, Status

REASON_OF = {verdict: Reason(f"image_{verdict.value}") for verdict in PictureVerdict if verdict.is_fault}
"""The reason of each fault of a picture; each has one of its own."""


def reason_of(finding: Finding) -> Reason | None:
    """Return why a device with this finding is degraded; None where it isn't: no fault, or nobody's (weather)."""
    if not finding.verdict.is_fault or finding.scope is Scope.WEATHER:
        return None
    return Reason.IMAGE_PLATFORM if finding.scope is Scope.PLATFORM else REASON_OF[finding.verdict]


def with_finding(sample: Sample, finding: Finding | None) -> Sample:
    """Return the sample as the device's standing finding leaves it: up becomes degraded, so 在线率 stays, 完好率 falls.

    What is down, degraded by a rung, or unknown stays as it is: a rung's own answer is newer than the looks, and a
    camera that doesn't answer shows nothing either way. A finding of another device is a bug: ValueError.
    """
    if finding is None:
        return sample
    if finding.device_id != sample.device_id:
        raise ValueError(f"a finding of {finding.device_id} for a sample of {sample.device_id}")
    reason = reason_of(finding)
    if sample.status is not Status.UP or reason is None:
        return sample
    return replace(sample, status=Status.DEGRADED, reason=reason)
