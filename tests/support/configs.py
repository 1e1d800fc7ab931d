"""Loads each kind of file under configs/ with the tool, or the schema of the tool, that reads it in earnest.

A loader returns what the file means and raises (AssertionError or the tool's own error) if it means nothing.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml
from pydantic import BaseModel
from ray.autoscaler._private.util import prepare_config, validate_config

from cluster.local import serve_config
from cluster.segment_settings import resolve
from cluster.settings import CONFIG_DIR, PACKAGE_ROOT, Settings
from tests.support.monitoring import load_alerts, load_dashboard, load_prometheus, load_provisioning
from tests.support.ray.serve import schema

KUBERNETES = CONFIG_DIR / "kubernetes"
OVERLAYS = ("base", "kind")
COMPONENTS = ("stores", "monitoring")
TOOL_TIMEOUT_S = 180.0
# What a person fills in; long enough for every server.
PASSWORD = "0123456789abcdef"


def tool(name: str, *arguments: str | Path, **environment: str) -> str:
    """What a program of the virtual environment prints; AssertionError with its complaints if it refuses."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / name), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT_S,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read_yaml(path: Path) -> Any:
    """One document."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_env(path: Path) -> dict[str, str]:
    """NAME=value lines, as Docker, Kubernetes and a shell read them alike: no quotes, no spaces."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        assert separator, line
        assert name.replace("_", "").isalnum(), line
        assert not set(value) & set(" '\"$`"), line
        found[name] = value
    return found


def filled_in(path: Path) -> dict[str, str]:
    """An example of secrets after somebody has put in passwords: alone, and in addresses."""
    return {
        name: (value or PASSWORD).replace(":@", f":{PASSWORD}@") for name, value in read_env(path).items()
    }


def setting_names(model: type[BaseModel] = Settings, prefix: str = "SCENESTREAM_") -> set[str]:
    """Every variable that is a setting."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= setting_names(field.annotation, f"{prefix}{name.upper()}__")
        else:
            names.add(prefix + name.upper())
    return names


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings of a process that has these variables and no others of ours."""
    ours = {name: value for name, value in environment.items() if name.startswith("SCENESTREAM_")}
    assert set(ours) <= setting_names(), f"no settings: {sorted(set(ours) - setting_names())}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCENESTREAM_")}
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update({**kept, **ours})
    try:
        return Settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


def load_serve(text: str) -> dict[str, Any]:
    """By Ray Serve's schema, and without names that it would pass over."""
    content = yaml.safe_load(text)
    schema.ServeDeploySchema.model_validate(content)
    assert set(content) <= set(schema.ServeDeploySchema.model_fields)
    for application in content["applications"]:
        assert set(application) <= set(schema.ServeApplicationSchema.model_fields)
        for deployment in application["deployments"]:
            assert set(deployment) <= set(schema.DeploymentSchema.model_fields)
    return cast("dict[str, Any]", content)


def load_ray_cluster(path: Path) -> dict[str, Any]:
    """As `ray up` prepares and checks it."""
    prepared = prepare_config(copy.deepcopy(read_yaml(path)))
    validate_config(prepared)
    return cast("dict[str, Any]", prepared)


def load_compose(path: Path) -> dict[str, Any]:
    """As Docker Compose understands it, all profiles, with the passwords of the example filled in."""
    variables = filled_in(path.with_name("compose.env.example"))
    arguments = ("-f", path, "--env-file", os.devnull, "--profile", "*", "config", "--format", "json")
    return cast("dict[str, Any]", json.loads(tool("docker-compose", *arguments, **variables)))


@lru_cache
def rendered(folder: Path) -> list[dict[str, Any]]:
    """What `kubectl apply -k` sends; do not change it."""
    return list(yaml.safe_load_all(tool("kubectl", "kustomize", folder)))


def load_kubernetes(path: Path) -> Any:
    """The file is taken in by the kustomization beside it, and that can be rendered."""
    kustomization = read_yaml(path.with_name("kustomization.yaml"))
    if kustomization["kind"] == "Kustomization":
        assert rendered(path.parent)
    if path.name == "kustomization.yaml":
        assert path.parent.name in (*OVERLAYS, *COMPONENTS)
        return kustomization
    patches = [patch["path"] for patch in kustomization.get("patches", [])]
    named = [*kustomization.get("resources", []), *kustomization.get("configurations", []), *patches]
    assert path.name in named, f"no part of {path.parent.name}/kustomization.yaml"
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def load_schema(path: Path) -> Any:
    """A JSON Schema."""
    content = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(content)
    return content


def load_dockerfile(path: Path) -> str:
    """Without a complaint of hadolint's."""
    return tool("hadolint", path)


def load_readme(path: Path) -> str:
    """For people; tests/unit/docs holds its tables and links."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    return text


# The first pattern that fits a path below configs/ counts.
LOADERS: dict[str, Callable[[Path], Any]] = {
    "BACKUP.md": load_readme,
    "README.md": load_readme,
    "SECURITY.md": load_readme,
    "default.yaml": lambda path: Settings.model_validate(read_yaml(path)),
    "presets/*.yaml": lambda path: resolve(path.stem, {}),
    "segment_settings.schema.json": load_schema,
    "serve.yaml": serve_config.load,
    "serve_cluster.yaml": lambda path: load_serve(path.read_text(encoding="utf-8")),
    "Dockerfile": load_dockerfile,
    "compose.yaml": load_compose,
    "*.env.example": read_env,
    "ray/*.env.example": read_env,
    "ray/*.yaml": load_ray_cluster,
    "prometheus/prometheus.yml": load_prometheus,
    "prometheus/alerts.yml": load_alerts,
    "grafana/dashboards/*.json": load_dashboard,
    "grafana/provisioning/*/*.yaml": load_provisioning,
    "kubernetes/*.env.example": read_env,
    "kubernetes/*/*.yaml": load_kubernetes,
}


def loader_of(path: Path) -> Callable[[Path], Any]:
    """LookupError when nothing reads such a file."""
    relative = path.relative_to(CONFIG_DIR)
    for pattern, loader in LOADERS.items():
        if relative.match(pattern) and len(relative.parts) == pattern.count("/") + 1:
            return loader
    raise LookupError(f"nothing reads {path.relative_to(PACKAGE_ROOT)}: add its loader to LOADERS")


def all_files() -> list[Path]:
    """Everything under configs/ but what an installation keeps to itself (git leaves it out)."""
    private = (".pyc", ".env", ".key")
    files = (path for path in CONFIG_DIR.rglob("*") if path.is_file() and not path.name.endswith(private))
    return sorted(files)
