"""What `ray up` reads: by Ray's schema, and machines by the clouds' own descriptions of their requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import googleapiclient
import jsonschema
import pytest
from botocore.validate import ParamValidator

from cluster.settings import CONFIG_DIR
from tests.support.configs import load_ray_cluster, read_env, read_yaml
from tests.support.ray.serve import start

RAY = CONFIG_DIR / "ray"
COMPUTE = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "compute.v1.json"
CLOUDS = ("aws", "gcp")


def violations(schemas: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> list[str]:
    """Where `value` differs from a schema of Google's discovery format."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type")
    if kind == "object":
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        known = schema.get("properties", {})
        unknown = [f"{at}.{name} is unknown" for name in value if name not in known]
        below = (
            violations(schemas, known[name], value[name], f"{at}.{name}") for name in value if name in known
        )
        return unknown + [found for each in below for found in each]
    if kind == "array":
        return [found for each in value for found in violations(schemas, schema["items"], each, f"{at}[]")]
    if schema.get("format") in ("int64", "uint64"):
        return [] if str(value).isdigit() else [f"{at} is no number"]
    types = {"string": str, "boolean": bool, "integer": int, "number": float}
    if not isinstance(value, types[kind or "string"]):
        return [f"{at} is no {kind}"]
    return [] if value in schema.get("enum", [value]) else [f"{at} cannot be {value}"]


def instance_violations(node_config: dict[str, Any]) -> list[str]:
    schemas = json.loads(COMPUTE.read_text(encoding="utf-8"))["schemas"]
    return violations(schemas, {"$ref": "Instance"}, node_config, "instance")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_gpu_nodes_come_and_go_and_the_head_does_no_work(cloud: str) -> None:
    types = load_ray_cluster(RAY / f"{cloud}.yaml")["available_node_types"]

    assert types["head"]["resources"] == {"CPU": 0, "scenestream_service": 1}
    for name in ("gpu", "gpu_spot"):
        assert types[name]["resources"]["GPU"] == 1
        assert types[name]["min_workers"] == 0 < types[name]["max_workers"]


def test_amazon_takes_the_machines() -> None:
    request = (
        botocore.session.get_session().get_service_model("ec2").operation_model("RunInstances").input_shape
    )
    types = read_yaml(RAY / "aws.yaml")["available_node_types"]

    for node_type in types.values():
        parameters = {**node_type["node_config"], "MinCount": 1, "MaxCount": 1}
        assert ParamValidator().validate(parameters, request).generate_report() == ""
    assert types["gpu_spot"]["node_config"]["InstanceMarketOptions"]["MarketType"] == "spot"
    assert (
        ParamValidator().validate({"InstanceTypes": "x", "MinCount": 1, "MaxCount": 1}, request).has_errors()
    )


def test_google_takes_the_machines() -> None:
    types = read_yaml(RAY / "gcp.yaml")["available_node_types"]

    assert [wrong for one in types.values() for wrong in instance_violations(one["node_config"])] == []
    assert types["gpu_spot"]["node_config"]["scheduling"]["provisioningModel"] == "SPOT"
    wrong = {"machineTypes": "x", "scheduling": {"provisioningModel": "CHEAP"}}
    assert len(instance_violations(wrong)) == 2


def test_the_machines_that_are_there_are_all_that_are_joined() -> None:
    prepared = load_ray_cluster(RAY / "onprem.yaml")

    assert prepared["max_workers"] == len(prepared["provider"]["worker_ips"])


@pytest.mark.parametrize("name", [*CLOUDS, "onprem"])
def test_ray_is_started_with_options_it_has(name: str) -> None:
    known = {option for parameter in start.params for option in parameter.opts}
    config = read_yaml(RAY / f"{name}.yaml")
    commands = [*config["head_start_ray_commands"], *config["worker_start_ray_commands"]]

    starts = [command.partition("ray start ")[2] for command in commands if "ray start " in command]

    assert len(starts) == 2
    options = {word.partition("=")[0] for one in starts for word in one.split() if word.startswith("--")}
    assert options <= known


@pytest.mark.parametrize("name", [*CLOUDS, "onprem"])
def test_every_node_gets_the_settings(name: str) -> None:
    config = read_yaml(RAY / f"{name}.yaml")

    (there,) = [
        there for there, here in config["file_mounts"].items() if here == "configs/ray/scenestream.env"
    ]
    assert there == "/home/scenestream/scenestream.env"
    starts = [command for key in ("head", "worker") for command in config[f"{key}_start_ray_commands"]]
    assert all(". ~/scenestream.env" in command for command in starts if command != "ray stop")


def test_the_nodes_show_ray_a_token() -> None:
    environment = read_env(RAY / "scenestream.env.example")

    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN"] == ""  # nobody's but who fills it in


def test_what_ray_does_not_know_is_refused(tmp_path: Path) -> None:
    text = (RAY / "aws.yaml").read_text(encoding="utf-8")
    (tmp_path / "aws.yaml").write_text(text.replace("max_workers: 18", "most_workers: 18"), encoding="utf-8")

    with pytest.raises(jsonschema.ValidationError, match="most_workers"):
        load_ray_cluster(tmp_path / "aws.yaml")
