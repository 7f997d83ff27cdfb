"""The duty desk for Prometheus: what is open, how far orders are, which letters nobody got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from camkeeper.model.incident import Cause
from camkeeper.model.workorder import OrderState
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.work import WorkFigures


def work_families(figures: WorkFigures | None) -> Iterator[Metric]:
    """Yield how repairs and rounds of this month went; nothing while nobody adds them up."""
    if figures is None:
        return
    repairs, rounds = figures.repairs, figures.rounds
    overdue = GaugeMetricFamily("camkeeper_orders_overdue", "Live work orders past a deadline", labels=["kind"])
    overdue.add_metric(["repair"], figures.overdue_repairs)
    overdue.add_metric(["inspection"], figures.overdue_rounds)
    yield overdue
    late = GaugeMetricFamily("camkeeper_faults_late", "Faults of this month answered or repaired late", labels=["what"])
    late.add_metric(["response"], repairs.late_response)
    late.add_metric(["repair"], repairs.late_repair)
    yield late
    yield GaugeMetricFamily("camkeeper_faults", "Faults of this month with a work order", value=repairs.faults)
    for name, what, spread in (
        ("acceptance", "Mean time to accept", repairs.acceptance),
        ("repair", "Mean time to repair", repairs.repair),
    ):
        if spread.mean_ms is not None:
            text = f"{what} this month, excluded time left out"
            yield GaugeMetricFamily(f"camkeeper_{name}_mean_seconds", text, value=spread.mean_ms / 1000)
    done = GaugeMetricFamily("camkeeper_inspections", "Inspection rounds of this month", labels=["state"])
    for state, value in (("due", rounds.due), ("signed", rounds.signed), ("late", rounds.late)):
        done.add_metric([state], value)
    yield done


def families(desk: DeskStanding | None) -> Iterator[Metric]:
    """Yield every family of the desk; nothing while there is none."""
    if desk is None:
        return
    incidents = GaugeMetricFamily("camkeeper_incidents_open", "Open incidents by probable cause", labels=["cause"])
    causes = Counter(view.incident.cause for view in desk.open)
    for cause in Cause:
        incidents.add_metric([cause.value], causes[cause])
    yield incidents
    unanswered = sum(view.incident.acknowledged_ms is None for view in desk.open)
    yield GaugeMetricFamily("camkeeper_incidents_unacknowledged", "Of these, acknowledged by nobody", value=unanswered)
    overdue = sum(view.overdue for view in desk.open)
    yield GaugeMetricFamily("camkeeper_incidents_overdue", "Of these, past a deadline", value=overdue)
    orders = GaugeMetricFamily("camkeeper_orders", "Live work orders by state", labels=["state"])
    states = Counter(order.state for order in desk.orders)
    for state in OrderState:
        if state.live:
            orders.add_metric([state.value], states[state])
    yield orders
    letters = GaugeMetricFamily("camkeeper_letters", "Letters not delivered: waiting, or given up", labels=["state"])
    letters.add_metric(["waiting"], desk.waiting_letters)
    letters.add_metric(["dead"], len(desk.dead_letters))
    yield letters
    yield GaugeMetricFamily(
        "camkeeper_desk_checked_seconds", "When changes were last looked at, since 1970", value=desk.checked_ms / 1000
    )
