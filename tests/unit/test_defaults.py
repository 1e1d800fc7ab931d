"""A default that stands in two places is the same in both: code, configuration, image, clusters, page."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from actors.pool.scaler import REPORT_VALID_S
from actors.segmentation.limits import Limits
from actors.segmentation.settings import AnalysisSettings, FusionSettings, WordSettings
from actors.segmentation.shots import transitions
from cluster.client import uploading
from cluster.contract.protocol import API_PREFIX
from cluster.segment_settings import DEFAULT_PRESET, preset_names, resolve, schema
from cluster.settings import CONFIG_DIR, PACKAGE_ROOT, LimitSettings, Settings
from cluster.stores.media import cells
from cluster.work_settings import BridgeSettings
from tests.support.configs import KUBERNETES, load_compose, read_env, read_yaml, rendered, settings_of
from tests.support.openapi import document
from ui import page

FILE = read_yaml(CONFIG_DIR / "default.yaml")
WITHOUT_LINE = {"ray_address", "var_dir"}
"""Without a fixed default: RAY_ADDRESS is Ray's own variable, the folder depends on where the code lies."""
SECTIONS = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
DOCKERFILE = (CONFIG_DIR / "Dockerfile").read_text(encoding="utf-8")
PORT = str(Settings.model_fields["http"].default.port)


def test_the_page_draws_the_threshold_of_shots_that_the_analysis_has() -> None:
    text = (PACKAGE_ROOT / "ui" / "static" / "results" / "threshold.js").read_text(encoding="utf-8")
    drawn = {name: float(value) for name, value in re.findall(r"const (M\w+) = ([\d.]+);", text)}

    analysed = {"MIN_CONFIDENCE": transitions.MIN_CONFIDENCE, "MAX_THRESHOLD": transitions.MAX_THRESHOLD}
    assert drawn == analysed


def variables_of_the_image() -> dict[str, str]:
    (block,) = re.findall(r"^ENV (SCENESTREAM_.*?[^\\])\n", DOCKERFILE, re.MULTILINE | re.DOTALL)
    return dict(part.split("=", 1) for part in block.replace("\\\n", " ").split())


def settings_of_kubernetes() -> dict[str, str]:
    (found,) = [one for one in rendered(KUBERNETES / "base") if one["kind"] == "ConfigMap"]
    return dict(found["data"])


def test_the_file_has_every_setting() -> None:
    assert set(FILE) == set(Settings.model_fields) - WITHOUT_LINE
    for name, section in SECTIONS.items():
        assert set(FILE[name]) == set(section.model_fields), name


@pytest.mark.parametrize("name", sorted(set(FILE) - set(SECTIONS)))
def test_a_setting_of_the_file_is_the_code_s(name: str) -> None:
    assert FILE[name] == Settings.model_fields[name].default


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_of_the_file_is_the_code_s(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)  # which `tracing` reads besides

    assert SECTIONS[name](**FILE[name]) == SECTIONS[name]()


def test_the_library_s_limits_are_the_installation_s() -> None:
    assert asdict(Limits()) == LimitSettings().model_dump() == FILE["limits"]


def test_the_library_s_settings_are_those_of_the_default_preset() -> None:
    library = {**asdict(AnalysisSettings()), **asdict(FusionSettings()), **asdict(WordSettings())}
    described = {name: one["default"] for name, one in schema()["properties"].items()}

    assert described == {"preset": DEFAULT_PRESET, **library}
    assert resolve(DEFAULT_PRESET, {}) == described == resolve(None, {})


def test_presets_are_the_files_and_those_that_the_page_offers() -> None:
    assert set(preset_names()) == {path.stem for path in (CONFIG_DIR / "presets").iterdir()}
    assert (DEFAULT_PRESET, *page.PRESETS) == preset_names()


def test_parts_of_uploads_are_as_large_as_the_api_takes() -> None:
    assert uploading.PART_BYTES == cells.SMALL_BYTES == FILE["http"]["upload_part_max_bytes"]


def test_the_document_of_the_api_tells_the_sizes() -> None:
    paths = document()["paths"]
    sizes = {name: f"{FILE['http'][name] >> 20} MiB" for name in FILE["http"] if name.endswith("_max_bytes")}

    assert f"up to {sizes['single_post_max_bytes']}" in paths["/videos"]["post"]["description"]
    for path, method in (("/uploads", "post"), ("/uploads/{upload_id}", "patch")):
        told = paths[path][method]["requestBody"]["description"]
        assert f"at most {sizes['upload_part_max_bytes']}" in told.lower().replace("mib", "MiB")


def test_bridges_report_twice_before_the_pool_forgets() -> None:
    (most,) = [
        one.le for one in BridgeSettings.model_fields["backlog_interval_s"].metadata if hasattr(one, "le")
    ]

    assert most == REPORT_VALID_S / 2


def test_everybody_listens_and_calls_at_one_port() -> None:
    text = {path: path.read_text(encoding="utf-8") for path in sorted(CONFIG_DIR.rglob("*.y*ml"))}
    named = {
        port
        for content in text.values()
        for port in re.findall(r"(?:ray-head|127\.0\.0\.1):(\d{4,5})(?=[/:\"\]]|\}:)", content)
    }

    assert f"EXPOSE {PORT}" in DOCKERFILE
    assert load_compose(CONFIG_DIR / "compose.yaml")["services"]["ray-head"]["ports"][0]["target"] == int(
        PORT
    )
    assert read_yaml(CONFIG_DIR / "serve_cluster.yaml")["http_options"]["port"] == int(PORT)
    assert PORT in named
    assert named <= {PORT, "3000", "6379", "9000", "9090"}  # beside it Grafana, Ray, MinIO, Prometheus
    served = {
        port["containerPort"]
        for one in rendered(KUBERNETES / "base")
        if one["kind"] == "RayService"
        for group in one["spec"]["rayClusterConfig"]["workerGroupSpecs"]
        for port in group["template"]["spec"]["containers"][0].get("ports", [])
        if port["name"] == "serve"
    }
    assert served == {int(PORT)}


def test_everybody_knows_the_api_by_one_prefix() -> None:
    for name in ("serve.yaml", "serve_cluster.yaml"):
        (api,) = [one for one in read_yaml(CONFIG_DIR / name)["applications"] if one["name"] == "api"]
        assert api["route_prefix"] == API_PREFIX
    jobs = {
        one["job_name"]: one for one in read_yaml(CONFIG_DIR / "prometheus/prometheus.yml")["scrape_configs"]
    }

    assert jobs["scenestream"]["metrics_path"] == f"{API_PREFIX}/metrics"
    assert f":{PORT}{API_PREFIX}/readyz" in (CONFIG_DIR / "compose.yaml").read_text(encoding="utf-8")


def test_the_example_of_compose_repeats_its_own_defaults() -> None:
    text = (CONFIG_DIR / "compose.yaml").read_text(encoding="utf-8")
    given = {name: value for name, value in read_env(CONFIG_DIR / "compose.env.example").items() if value}

    assert len(given) >= 4
    for name, value in given.items():
        assert set(re.findall(rf"\$\{{{name}:-([^}}]*)\}}", text)) == {value}, name


def test_the_image_is_built_for_the_same_device_by_all() -> None:
    (default,) = set(re.findall(r"^ARG DEVICE=(\w+)$", DOCKERFILE, re.MULTILINE))

    assert read_env(CONFIG_DIR / "compose.env.example")["SCENESTREAM_DEVICE"] == default


def test_data_lie_where_volumes_are() -> None:
    folder = variables_of_the_image()["SCENESTREAM_VAR_DIR"]
    services = load_compose(CONFIG_DIR / "compose.yaml")["services"]
    mounted = {
        name: {volume["target"] for volume in services[name]["volumes"]}
        for name in ("ray-head", "ray-worker", "ray-worker-gpu")
    }

    assert f'VOLUME ["{folder}"]' in DOCKERFILE
    assert mounted == {name: {folder} for name in mounted}
    for path in (CONFIG_DIR / "ray").glob("*.yaml"):
        assert f"--volume {folder}:{folder}" in read_yaml(path)["docker"]["run_options"], path.name
    for text in [yaml.safe_dump(one) for one in rendered(KUBERNETES / "base") if one["kind"] == "RayService"]:
        assert f"mountPath: {folder}\n" in text


def test_variables_that_repeat_a_default_repeat_it_rightly() -> None:
    """What clusters set to the value that the code has anyway, so that it can be seen and changed there."""
    repeated = {
        "SCENESTREAM_SCALING__MIN_ACTORS": (settings_of_kubernetes(),),
        "SCENESTREAM_SCALING__MAX_ACTORS": (
            settings_of_kubernetes(),
            read_env(CONFIG_DIR / "ray/scenestream.env.example"),
        ),
        "SCENESTREAM_ACTORS__GPUS_PER_ACTOR": (read_env(CONFIG_DIR / "compose.env.example"),),
    }
    usual = Settings()

    for name, places in repeated.items():
        section, _, key = name.removeprefix("SCENESTREAM_").lower().partition("__")
        for variables in places:
            told: Any = settings_of({name: variables[name]})
            assert getattr(getattr(told, section), key) == getattr(getattr(usual, section), key), name


def test_the_image_and_kubernetes_say_the_same() -> None:
    image, cluster = variables_of_the_image(), settings_of_kubernetes()
    both = image.keys() & cluster.keys()

    assert both == {"SCENESTREAM_HTTP__HOST", "SCENESTREAM_LOG__JSON_LINES"}
    assert {name: image[name] for name in both} == {name: cluster[name] for name in both}


def test_the_resource_of_the_services_has_one_name() -> None:
    (name,) = {
        settings_of_kubernetes()["SCENESTREAM_ACTORS__SERVICE_RESOURCE"],
        read_env(CONFIG_DIR / "ray/scenestream.env.example")["SCENESTREAM_ACTORS__SERVICE_RESOURCE"],
        load_compose(CONFIG_DIR / "compose.yaml")["services"]["ray-head"]["environment"][
            "SCENESTREAM_ACTORS__SERVICE_RESOURCE"
        ],
    }
    texts = [path.read_text(encoding="utf-8") for path in CONFIG_DIR.rglob("*.yaml")]
    named = [found for text in texts for found in re.findall(r"\b\w+_service\b", text)]

    assert len(named) >= 10
    assert set(named) == {name}


def test_python_is_the_one_that_is_required() -> None:
    project = (PACKAGE_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (required,) = re.findall(r'^requires-python = ">=([\d.]+)"', project, re.MULTILINE)

    assert f"PYTHON_IMAGE=python:{required}-" in DOCKERFILE
    assert f'python_version = "{required}"' in project
    assert f'target-version = "py{required.replace(".", "")}"' in project
    assert f"Python {required} or newer" in (PACKAGE_ROOT / "README.md").read_text(encoding="utf-8")
