"""Dashboards for Grafana over the mirror: built here, kept as files that Grafana provisions.

`python -m camboard.grafana` writes them anew. Every query is asked of a real InfluxDB by the tests.
"""
