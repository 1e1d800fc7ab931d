"""Serve's configuration for a cluster starts what `scenestream up` starts, and deploys what the code has."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from actors.detached import SERVICE_SHARE
from cluster.local import serve_config
from cluster.settings import CONFIG_DIR
from tests.support.configs import KUBERNETES, load_serve, rendered
from tests.support.ray.serve import serve_keeper

TEXT = (CONFIG_DIR / "serve_cluster.yaml").read_text(encoding="utf-8")


def test_the_applications_are_those_of_the_local_stack() -> None:
    here = {one.name: one.route_prefix for one in serve_config.load()}

    assert {one["name"]: one["route_prefix"] for one in load_serve(TEXT)["applications"]} == here


def test_overridden_deployments_are_those_of_the_code() -> None:
    for application in load_serve(TEXT)["applications"]:
        built = serve_config.function(application["import_path"])()
        assert [one["name"] for one in application["deployments"]] == [built._bound_deployment.name]


def test_they_run_where_the_resource_is_even_on_a_head_without_cores() -> None:
    for application in load_serve(TEXT)["applications"]:
        for deployment in application["deployments"]:
            options = deployment["ray_actor_options"]
            assert options == {"num_cpus": 0, "resources": {"scenestream_service": SERVICE_SHARE}}


def test_the_keeper_is_found_by_its_name() -> None:
    names = {one["import_path"]: one["name"] for one in load_serve(TEXT)["applications"]}

    assert names["actors.serve_keeper:build"] == serve_keeper.APPLICATION_NAME


def test_the_rayservice_deploys_the_same() -> None:
    (service,) = [one for one in rendered(KUBERNETES / "base") if one["kind"] == "RayService"]

    assert load_serve(service["spec"]["serveConfigV2"]) == load_serve(TEXT)


def test_what_serve_does_not_know_is_refused() -> None:
    with pytest.raises(ValidationError, match="proxy_location"):
        load_serve(TEXT.replace("EveryNode", "Everywhere"))
    with pytest.raises(AssertionError):
        load_serve(TEXT.replace("num_replicas", "replicas"))
