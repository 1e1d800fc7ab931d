"""The alerts and the dashboard as what they ask of Prometheus, and the names that there are to ask for.

Names of ours come from the tables in the code; those of others are the ones their documentation lists, and
only the few that are used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import promql_parser
import yaml

from actors import metrics
from serve_app.telemetry import metrics as api_metrics

OF_PROMETHEUS = {"up"}
OF_RAY = {  # https://docs.ray.io/en/latest/ray-observability/reference/system-metrics.html
    "ray_node_cpu_utilization", "ray_node_mem_used", "ray_node_mem_total", "ray_node_disk_usage",
    "ray_node_disk_free", "ray_node_gpus_utilization", "ray_node_gram_used",
}  # fmt: skip
OF_RABBITMQ = {  # https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbitmq_prometheus/metrics.md
    "rabbitmq_queue_messages_unacked", "rabbitmq_alarms_memory_used_watermark",
    "rabbitmq_alarms_free_disk_space_watermark",
}  # fmt: skip


def known_names() -> set[str]:
    """Every name that may be asked for."""
    tables = (*metrics.TABLE, *api_metrics.TABLE)
    ours = {name for instrument in tables for name in instrument.exported}
    stores = {*api_metrics.BY_STATE, *api_metrics.ALONE}
    return ours | stores | OF_PROMETHEUS | OF_RAY | OF_RABBITMQ


def selected(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each name that an expression asks for with the labels it asks for; ValueError if it is none."""
    found: list[tuple[str, dict[str, str]]] = []

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name, expression
            found.append((node.name, {one.name: one.value for one in node.matchers.matchers}))
        return True

    tree = promql_parser.parse(expression.replace("$__rate_interval", "1m"))
    promql_parser.walk(tree, visit)
    return iter(found)


def check_expression(expression: str) -> None:
    """It parses, asks for names that there are, and for labels that ours have."""
    tags = {
        name: set(instrument.tags) | {"le"}
        for instrument in (*metrics.TABLE, *api_metrics.TABLE)
        for name in instrument.exported
    }
    names = list(selected(expression))
    assert names, f"asks for nothing: {expression}"
    for name, labels in names:
        assert name in known_names(), f"there is no metric {name}: {expression}"
        assert set(labels) <= tags.get(name, set(labels)), f"{name} has no such label: {expression}"


def load_prometheus(path: Path) -> Any:
    """Prometheus' own configuration: jobs with names of their own, rules that exist."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(content) <= {"global", "rule_files", "scrape_configs"}
    for name in content["rule_files"]:
        assert path.with_name(name).is_file(), name
    jobs = [job["job_name"] for job in content["scrape_configs"]]
    assert len(set(jobs)) == len(jobs)
    for job in content["scrape_configs"]:
        assert any(name.endswith("_configs") for name in job), f"{job['job_name']} has no targets"
    return content


def load_alerts(path: Path) -> list[dict[str, Any]]:
    """The rules of all groups; each is asked for in earnest and says what to do."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = [rule for group in content["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        check_expression(rule["expr"])
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(rule["annotations"]) == {"summary", "description"}
    return rules


def load_dashboard(path: Path) -> dict[str, Any]:
    """Grafana's JSON: panels that do not lie over each other, each asking for what there is."""
    content = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    taken: set[tuple[int, int]] = set()
    for panel in content["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["type"] == "row" or panel["targets"], panel["title"]
        for target in panel.get("targets", ()):
            check_expression(target["expr"])
    assert len({panel["id"] for panel in content["panels"]}) == len(content["panels"])
    return content


def load_provisioning(path: Path) -> dict[str, Any]:
    """What Grafana reads at its start."""
    content = cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))
    assert content["apiVersion"] == 1
    (listed,) = set(content) - {"apiVersion"}
    assert listed in {"datasources", "providers"}
    assert all({"name", "type"} <= set(one) for one in content[listed])
    return content
