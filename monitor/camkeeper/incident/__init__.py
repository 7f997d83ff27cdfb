"""Outages with one cause, told as one: a pure fold over the graph of fault domains. No clock, no I/O.

`Graph.of(registry)` says what depends on what; `Correlator` folds transitions, sight and time into `IncidentEvent`s.
"""

from camkeeper.incident.correlator import Correlator
from camkeeper.incident.graph import Graph
from camkeeper.incident.persist import incident_from_json, incident_to_json

__all__ = ["Correlator", "Graph", "incident_from_json", "incident_to_json"]
