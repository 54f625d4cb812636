"""The dashboard asks for what the services really measure."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from prometheus_client import REGISTRY

import expert_node.metrics
import gateway.metrics
import merger.jobs
import shared.http

#: What Prometheus itself adds, and what a histogram's buckets have.
_ADDED = {"job", "instance", "le"}
_OURS = (expert_node.metrics, gateway.metrics, merger.jobs, shared.http)


@pytest.fixture(scope="module")
def queries(repository: Path) -> list[str]:
    dashboard = json.loads((repository / "deploy/grafana/dashboard.json").read_text())
    targets = [target for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(targets) > 20
    return [target["expr"].replace("$__rate_interval", "5m") for target in targets]


def test_every_query_asks_for_metrics_and_labels_that_exist(queries: list[str]) -> None:
    known = {sample.name: set[str]() for family in REGISTRY.collect() for sample in family.samples}
    known |= {name: set(collector._labelnames) for name, collector in _collectors().items()}
    for query in queries:
        names, labels = asked(promql_parser.parse(query))
        assert names, query
        for name in names:
            assert name in known, f"{name} of {query}"
        assert labels <= _ADDED.union(*(known.get(name, set()) for name in names)), query


def test_every_metric_of_ours_is_on_the_dashboard(queries: list[str]) -> None:
    shown = {name for query in queries for name in asked(promql_parser.parse(query))[0]}
    for name, collector in _collectors().items():
        if any(collector in vars(module).values() for module in _OURS):
            family = re.sub("_(total|created|bucket|count|sum)$", "", name)
            assert any(each.startswith(family) for each in shown), f"{name} is on no panel"


def test_names_follow_one_convention() -> None:
    for module in _OURS:
        for metric in vars(module).values():
            if type(metric).__module__ != "prometheus_client.metrics":
                continue
            name, kind = metric._name, type(metric).__name__
            assert re.match("(http|gateway|expert|merger)_", name), name
            assert kind != "Histogram" or name.endswith("_seconds"), name
            # The client adds _total to counters itself, and takes it off the name that is given.
            assert kind == "Counter" or not name.endswith("_total"), name


def _collectors() -> dict[str, Any]:
    return {
        name: collector
        for name, collector in REGISTRY._names_to_collectors.items()
        if hasattr(collector, "_labelnames")
    }


def asked(node: Any) -> tuple[set[str], set[str]]:
    """The metrics and labels that a parsed query mentions."""
    names, labels = set(), set()
    for each in _nodes(node):
        if isinstance(each, promql_parser.VectorSelector):
            names.add(each.name)
            labels |= {matcher.name for matcher in each.matchers.matchers}
        elif isinstance(each, promql_parser.AggregateExpr) and each.modifier:
            labels |= set(each.modifier.labels)
    return names, labels


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    parts = [getattr(node, part, None) for part in ("lhs", "rhs", "expr", "vector_selector")]
    for part in [*parts, *getattr(node, "args", ())]:
        if part is not None:
            yield from _nodes(part)
