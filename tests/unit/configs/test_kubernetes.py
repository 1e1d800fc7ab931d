"""The manifests: by Kubernetes' own schemas, by Ray's reader of a RayCluster, and by what KubeRay knows.

No package ships KubeRay's definition of a RayService. So its parts are checked by whoever reads them in the
end: pods by Kubernetes, groups by Ray's autoscaler, rayStartParams by `ray start`; the rest by a list.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr

from cluster.settings import PACKAGE_ROOT
from tests.support.configs import KUBERNETES, OVERLAYS, filled_in, rendered, settings_of
from tests.support.ray.serve import drain_node, start

Manifest = dict[str, Any]

# From KubeRay's API reference, ray.io/v1.
SERVICE_KEYS = {
    "serveConfigV2",
    "rayClusterConfig",
    "serveService",
    "upgradeStrategy",
    "excludeHeadPodFromServeSvc",
}
CLUSTER_KEYS = {
    "authOptions", "autoscalerOptions", "enableInTreeAutoscaling", "gcsFaultToleranceOptions",
    "headGroupSpec", "headServiceAnnotations", "managedBy", "rayVersion", "suspend", "workerGroupSpecs",
}  # fmt: skip
AUTOSCALER_KEYS = {
    "env", "envFrom", "idleTimeoutSeconds", "image", "imagePullPolicy", "resources", "securityContext",
    "upscalingMode", "version", "volumeMounts",
}  # fmt: skip
REDIS_KEYS = {"externalStorageNamespace", "redisAddress", "redisPassword", "redisUsername"}
HEAD_KEYS = {"enableIngress", "headService", "rayStartParams", "serviceType", "template"}
WORKER_KEYS = {
    "groupName", "idleTimeoutSeconds", "maxReplicas", "minReplicas", "numOfHosts", "rayStartParams",
    "replicas", "scaleStrategy", "suspend", "template",
}  # fmt: skip
VERSIONS = ("1.33", kubernetes_validate.latest_version())  # the oldest and the newest that it knows


def service(overlay: str) -> Manifest:
    (found,) = [one for one in rendered(KUBERNETES / overlay) if one["kind"] == "RayService"]
    return found


def groups(overlay: str) -> Iterator[Manifest]:
    cluster = service(overlay)["spec"]["rayClusterConfig"]
    yield cluster["headGroupSpec"]
    yield from cluster["workerGroupSpecs"]


def ray_container(group: Manifest) -> Manifest:
    found: Manifest = group["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_but_the_rayservice_is_what_kubernetes_knows(overlay: str, version: str) -> None:
    kinds = []
    for manifest in rendered(KUBERNETES / overlay):
        if manifest["kind"] != "RayService":
            kubernetes_validate.validate(manifest, version, strict=True)
            assert manifest["kind"] == "Namespace" or manifest["metadata"]["namespace"] == "scenestream"
            kinds.append(manifest["kind"])
    assert {"ConfigMap", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "StatefulSet"} <= set(kinds)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pods_of_the_rayservice_are_what_kubernetes_knows(overlay: str) -> None:
    for group in groups(overlay):
        template = {
            "apiVersion": "v1",
            "kind": "PodTemplate",
            "metadata": {"name": "x"},
            "template": group["template"],
        }
        kubernetes_validate.validate(template, VERSIONS[-1], strict=True)
        mounted = {mount["name"] for mount in ray_container(group)["volumeMounts"]}
        assert mounted == {volume["name"] for volume in group["template"]["spec"]["volumes"]}
        assert group["template"]["spec"]["securityContext"]["runAsNonRoot"]


def test_a_misspelt_field_of_a_pod_is_refused() -> None:
    (head, *_) = groups("base")
    spec = {**head["template"]["spec"], "volume": []}
    template = {
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": "x"},
        "template": {"spec": spec},
    }

    with pytest.raises(kubernetes_validate.ValidationError, match="volume"):
        kubernetes_validate.validate(template, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ray_asks_for_a_token(overlay: str) -> None:
    assert service(overlay)["spec"]["rayClusterConfig"]["authOptions"] == {"mode": "token"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_rayservice_has_the_names_that_kuberay_knows(overlay: str) -> None:
    found = service(overlay)
    cluster = found["spec"]["rayClusterConfig"]

    assert (found["apiVersion"], set(found)) == ("ray.io/v1", {"apiVersion", "kind", "metadata", "spec"})
    assert set(found["spec"]) <= SERVICE_KEYS
    assert found["spec"]["upgradeStrategy"]["type"] in ("NewCluster", "None")
    assert set(cluster) <= CLUSTER_KEYS
    assert set(cluster["autoscalerOptions"]) <= AUTOSCALER_KEYS
    assert set(cluster["gcsFaultToleranceOptions"]) <= REDIS_KEYS
    assert set(cluster["headGroupSpec"]) <= HEAD_KEYS
    assert all(set(group) <= WORKER_KEYS for group in cluster["workerGroupSpecs"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nodes_that_do_not_segment_are_given_nothing_to_segment_with(overlay: str) -> None:
    """Whatever processors and GPUs they see. KubeRay and Ray read `resources` each in a way of its own."""
    head, services, *_ = groups(overlay)

    for group in (head, services):
        assert group["rayStartParams"]["num-cpus"] == group["rayStartParams"]["num-gpus"] == "0"
    declared = services["rayStartParams"]["resources"]
    assert json.loads(declared.strip("'\"` ")) == {"scenestream_service": 1}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_services_hand_their_own_back_and_outlive_the_head_s_handing_back(overlay: str) -> None:
    """KubeRay ends the pods of a cluster all at once, and the bridges are on those of the services."""
    head, services, *_ = groups(overlay)
    command, (_, _, script) = (
        ray_container(group)["lifecycle"]["preStop"]["exec"]["command"] for group in (head, services)
    )
    drain, leave, wait = (shlex.split(line) for line in script.split(";"))

    assert command == ["python", "-m", "actors.serve_keeper"]
    assert leave == [*command, "--this-node"]
    assert drain[:2] == ["ray", "drain-node"]
    told = drain_node.make_context("drain-node", drain[2:]).params
    assert wait[0] == "sleep"
    allowed_s = services["template"]["spec"]["terminationGracePeriodSeconds"]
    assert 30 <= int(wait[1]) < told["deadline_remaining_seconds"] - 30 < allowed_s - 30


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_get_no_variables_of_services_that_look_like_settings(overlay: str) -> None:
    assert all(group["template"]["spec"]["enableServiceLinks"] is False for group in groups(overlay))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ray_is_started_with_options_it_has(overlay: str) -> None:
    known = {option.removeprefix("--") for parameter in start.params for option in parameter.opts}

    for group in groups(overlay):
        assert set(group["rayStartParams"]) <= known
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_ray_s_autoscaler_understands_the_groups() -> None:
    cluster = {
        "metadata": {"name": "scenestream", "namespace": "scenestream"},
        "spec": service("base")["spec"]["rayClusterConfig"],
    }

    types = _derive_autoscaling_config_from_ray_cr(cluster)["available_node_types"]

    assert types["headgroup"]["resources"]["CPU"] == 0
    assert types["services"]["resources"]["scenestream_service"] == 1
    assert types["gpu"]["resources"]["GPU"] == 1
    assert types["gpu"]["min_workers"] == 0 < types["gpu"]["max_workers"]


def amount(quantity: str) -> float:
    """Cores, or GiB."""
    number, unit = re.fullmatch(r"([\d.]+)(m|Mi|Gi)?", quantity).groups()  # type: ignore[union-attr]
    return float(number) * {None: 1, "m": 1 / 1000, "Mi": 1 / 1024, "Gi": 1}[unit]


def test_what_the_readme_promises_of_a_small_machine_holds() -> None:
    """Every pod finds its place on 4 cores and 16 GB, beside what kind's own and the operator's ask for."""
    cluster = service("kind")["spec"]["rayClusterConfig"]
    asked = [(1, cluster["autoscalerOptions"]["resources"]["requests"])]
    for group in groups("kind"):
        asked.append((group.get("maxReplicas", 1), ray_container(group)["resources"]["requests"]))
    for one in rendered(KUBERNETES / "kind"):
        if one["kind"] == "StatefulSet":
            (container,) = one["spec"]["template"]["spec"]["containers"]
            asked.append((one["spec"]["replicas"], container["resources"]["requests"]))

    assert sum(count * amount(requests["cpu"]) for count, requests in asked) <= 4 - 0.95 - 0.1
    assert sum(count * amount(requests["memory"]) for count, requests in asked) <= 14.9 - 0.3 - 0.5


def test_files_of_the_stores_stay_their_owner_s_alone() -> None:
    """At every mount anew, Kubernetes would let the group read RabbitMQ's cookie, and Erlang refuse it."""
    pods = [
        one["spec"]["template"]["spec"]
        for one in rendered(KUBERNETES / "kind")
        if one["kind"] == "StatefulSet"
    ]

    assert len(pods) == 6
    assert {pod["securityContext"]["fsGroupChangePolicy"] for pod in pods} == {"OnRootMismatch"}


def test_without_gpus_none_is_asked_for() -> None:
    found = yaml.safe_dump(service("kind"))

    assert "nvidia.com/gpu" not in found
    assert "scenestream:cpu" in found


def test_every_node_is_probed_where_ray_answers() -> None:
    for group in groups("base"):
        container = ray_container(group)
        assert container["livenessProbe"]["httpGet"] == {"path": "/api/local_raylet_healthz", "port": 52365}
        ready = container["readinessProbe"]["httpGet"]
        is_head = "groupName" not in group
        assert ready == (
            {"path": "/api/gcs_healthz", "port": 8265} if is_head else {"path": "/-/healthz", "port": 8000}
        )


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nodes_are_given_settings_that_exist(overlay: str) -> None:
    (settings,) = [one for one in rendered(KUBERNETES / overlay) if one["kind"] == "ConfigMap"]
    secrets = filled_in(KUBERNETES / "secrets.env.example")

    assert settings_of({**secrets, **settings["data"]}).needs_key
    for group in groups(overlay):
        assert ray_container(group)["envFrom"] == [
            {"configMapRef": {"name": settings["metadata"]["name"]}},
            {"secretRef": {"name": "scenestream"}},
        ]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_that_is_asked_for_is_in_the_example(overlay: str) -> None:
    text = yaml.safe_dump_all(rendered(KUBERNETES / overlay))

    asked = set(re.findall(r"secretKeyRef:\n\s+key: (\S+)\n\s+name: scenestream\n", text))

    assert "GCS_REDIS_PASSWORD" in asked
    assert asked <= set(filled_in(KUBERNETES / "secrets.env.example"))


def test_addresses_in_the_example_are_those_of_the_stores() -> None:
    names = {one["metadata"]["name"] for one in rendered(KUBERNETES / "kind") if one["kind"] == "Service"}
    secrets = filled_in(KUBERNETES / "secrets.env.example")

    hosts = set(re.findall(r"(?:@|http://)([a-z]+):\d+", " ".join(secrets.values())))

    assert hosts == {"postgres", "rabbitmq", "mongodb", "redis", "minio"}
    assert hosts <= names


def test_monitors_look_at_ports_and_labels_that_there_are() -> None:
    ports = {
        port["name"]
        for group in groups("base")
        for port in ray_container(group).get("ports", [])
        if group["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "services"
    }
    text = (KUBERNETES / "monitoring" / "pod-monitors.yaml").read_text()
    monitors = {one["metadata"]["name"]: one["spec"] for one in yaml.safe_load_all(text)}

    (api,) = monitors["api"]["podMetricsEndpoints"]
    assert api["port"] in ports
    assert monitors["api"]["selector"]["matchLabels"] == {"app.kubernetes.io/component": "services"}
    (ray,) = monitors["ray"]["podMetricsEndpoints"]
    assert ray["port"] == "metrics"  # which KubeRay adds to every pod


def test_ray_has_the_version_that_is_installed() -> None:
    pinned = re.search(r"^ray==(.+)$", (PACKAGE_ROOT / "constraints.txt").read_text(), re.MULTILINE)

    assert pinned is not None
    assert service("base")["spec"]["rayClusterConfig"]["rayVersion"] == pinned[1]
