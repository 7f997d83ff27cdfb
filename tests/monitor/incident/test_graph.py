"""What hangs on what."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.incident.township import county, device, site, township

from camkeeper.config import load
from camkeeper.incident import Graph
from camkeeper.model.equipment import Link, LinkKind
from camkeeper.model.incident import Domain, DomainKind
from camkeeper.model.registry import Registry

DEMO = Path(__file__).parents[3] / "config" / "cameras.yaml"


def names(graph: Graph, device_id: str) -> list[str]:
    return [graph.nodes[node].id for node in graph.chain(device_id)]


def test_links_come_nearest_first_and_then_sites() -> None:
    graph = Graph.of(township())
    assert names(graph, "cam-111") == ["p-11", "tx-01", "sw-01", "line-mobile", "v1", "town"]
    assert names(graph, "cam-311") == ["p-31", "feed-3", "sw-02", "line-mobile", "v3", "town"]


def test_a_switch_belongs_to_the_domain_that_it_is() -> None:
    graph = Graph.of(township())
    assert names(graph, "sw-01") == ["sw-01", "line-mobile", "town"]
    switch = Domain(kind=DomainKind.SWITCH, id="sw-01")
    assert graph.own[graph.node_of[switch]] == ("sw-01",)
    assert "sw-01" in graph.below(switch)


def test_two_lines_of_one_operator_have_the_operator_above_them() -> None:
    graph = Graph.of(township())
    assert names(graph, "cam-511")[:3] == ["p-51", "line-backup-1", "operator:unicom"]
    both = graph.below(Domain(kind=DomainKind.OPERATOR_LINE, id="operator:unicom"))
    assert both == ("cam-511", "cam-512", "cam-521", "cam-522")


def test_what_lies_above_a_domain_holds_all_of_it() -> None:
    graph = Graph.of(township())
    for domain in graph.nodes:
        inside = set(graph.below(domain))
        for above in graph.above(domain):
            assert inside <= set(graph.below(above))
    assert graph.above(Domain(kind=DomainKind.SITE, id="nowhere")) == ()
    assert graph.below(Domain(kind=DomainKind.DEVICE, id="nobody")) == ()


def test_a_ring_of_links_is_cut() -> None:
    links = tuple(
        Link(id=a, name="", kind=LinkKind.SWITCH, upstream_id=b) for a, b in [("a", "b"), ("b", "c"), ("c", "a")]
    )
    graph = Graph.of(Registry(name="", sites=(site("town"),), links=links, devices=(device("cam", "town", "a"),)))
    assert names(graph, "cam") == ["a", "b", "c", "town"]


@pytest.mark.parametrize("size", [1, 50])
def test_a_county_has_as_many_devices_in_its_graph(size: int) -> None:
    graph = Graph.of(county(lines=2, switches=size, poles=5, cameras=10))
    assert len(graph.below(Domain(kind=DomainKind.SITE, id="county"))) == 100 * size


def test_the_demo_township() -> None:
    registry = load(DEMO)
    graph = Graph.of(registry)
    switch = Domain(kind=DomainKind.SWITCH, id="sw-03")
    behind = set(graph.below(switch))
    expected = {d.id for d in registry.devices if any(link.id == "sw-03" for link in registry.upstream(d))}
    assert behind == expected | {"sw-03"}
