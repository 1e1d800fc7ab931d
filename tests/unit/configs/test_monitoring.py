"""Alerts and dashboard ask for what the code counts; Compose mounts what they are read from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors import metrics
from cluster.settings import CONFIG_DIR
from serve_app.telemetry import metrics as api_metrics
from tests.support.configs import load_compose, read_yaml
from tests.support.monitoring import (
    check_expression,
    load_alerts,
    load_dashboard,
    load_prometheus,
    load_provisioning,
    selected,
)

PROMETHEUS, GRAFANA = CONFIG_DIR / "prometheus", CONFIG_DIR / "grafana"
OPERATOR = CONFIG_DIR / "kubernetes" / "monitoring"
DASHBOARD = GRAFANA / "dashboards" / "scenestream.json"


def asked_for() -> set[str]:
    expressions = [rule["expr"] for rule in load_alerts(PROMETHEUS / "alerts.yml")]
    for panel in load_dashboard(DASHBOARD)["panels"]:
        expressions += [target["expr"] for target in panel.get("targets", ())]
    return {name for expression in expressions for name, _ in selected(expression)}


def test_everything_that_is_counted_is_looked_at() -> None:
    used = asked_for()
    counted = {one.name: one.exported for one in (*metrics.TABLE, *api_metrics.TABLE)}

    assert [name for name, exported in counted.items() if not exported & used] == []
    assert {*api_metrics.BY_STATE, *api_metrics.ALONE} <= used


@pytest.mark.parametrize(
    "wrong",
    [
        "ray_scenestream_frames > 0",  # a counter ends in _total
        "sum(rate(ray_scenestream_frames_total[5m])",
        'ray_scenestream_pool_actors{status="idle"}',
        "1 + 1",
    ],
)
def test_what_is_wrong_is_found(wrong: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check_expression(wrong)


def scraped_jobs() -> dict[str, set[str]]:
    """The label `job` of what is scraped: by prometheus.yml, and under the Prometheus operator."""
    configured = load_prometheus(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    monitors: list[Any] = list(yaml.safe_load_all((OPERATOR / "pod-monitors.yaml").read_text()))
    (renamed,) = zip(*(one["spec"]["podMetricsEndpoints"][0]["relabelings"] for one in monitors), strict=True)
    assert {change["targetLabel"] for change in renamed} == {"job"}
    return {
        "prometheus.yml": {job["job_name"] for job in configured},
        "operator": {change["replacement"] for change in renamed},
    }


@pytest.mark.parametrize("who", ["prometheus.yml", "operator"])
def test_alerts_ask_for_jobs_that_are_scraped(who: str) -> None:
    """A job of another name would be away for ever."""
    text = (PROMETHEUS / "alerts.yml").read_text()

    asked = set(re.findall(r'job="(\w+)"', text))

    assert asked == {"scenestream", "ray"}
    assert asked <= scraped_jobs()[who]


def test_the_operator_has_the_same_alerts() -> None:
    rules = read_yaml(OPERATOR / "rules.yaml")

    assert (rules["apiVersion"], rules["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert rules["spec"] == read_yaml(PROMETHEUS / "alerts.yml")


def test_every_server_behind_the_api_is_watched() -> None:
    """By what Ray exports: /metrics wants a key, which the API cannot look at while PostgreSQL is away."""
    expressions = {rule["alert"]: rule["expr"] for rule in load_alerts(PROMETHEUS / "alerts.yml")}

    (away,) = selected(expressions["ServerAway"])
    (cache,) = selected(expressions["CacheAway"])
    (disk,) = selected(expressions["DiskFull"])
    assert away == ("ray_scenestream_server_up", {"server": "redis|disk"})  # !~
    assert disk == ("ray_scenestream_server_up", {"server": "disk"})
    assert cache == ("ray_scenestream_server_up", {"server": "redis"})


def test_the_dashboard_asks_the_source_that_is_provisioned() -> None:
    (source,) = load_provisioning(GRAFANA / "provisioning/datasources/prometheus.yaml")["datasources"]
    panels = load_dashboard(DASHBOARD)["panels"]

    assert {panel["datasource"]["uid"] for panel in panels if "datasource" in panel} == {source["uid"]}


def test_compose_mounts_what_they_read() -> None:
    services = load_compose(CONFIG_DIR / "compose.yaml")["services"]
    mounted = {
        Path(volume["source"]): volume["target"]
        for name in ("prometheus", "grafana")
        for volume in services[name]["volumes"]
        if volume["type"] == "bind"
    }
    (provider,) = load_provisioning(GRAFANA / "provisioning/dashboards/scenestream.yaml")["providers"]

    assert mounted[PROMETHEUS] == "/etc/prometheus"
    assert mounted[GRAFANA / "provisioning"] == "/etc/grafana/provisioning"
    assert mounted[DASHBOARD.parent] == provider["options"]["path"]


def test_the_nodes_listen_where_prometheus_looks() -> None:
    jobs = {job["job_name"]: job for job in load_prometheus(PROMETHEUS / "prometheus.yml")["scrape_configs"]}
    services = read_yaml(CONFIG_DIR / "compose.yaml")["services"]
    (names,) = jobs["ray"]["dns_sd_configs"]

    assert set(names["names"]) <= set(services)
    assert f"--metrics-export-port={names['port']}" in str(services["ray-head"]["command"])
    assert jobs["scenestream"]["static_configs"][0]["targets"] == ["ray-head:8000"]
