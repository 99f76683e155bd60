"""A pool of machines with GPUs, and the apps that have them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from infra.settings.problems import SettingsError
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.stacks import SECTIONS, run_stack, with_apps

SYSTEM = SECTIONS["nodePools"]["system"]
APPS = SECTIONS["nodePools"]["apps"]
POOL = {"instanceTypes": ["g6.xlarge", "g5.xlarge"], "min": 0, "max": 4, "disk": "200Gi"}
MODEL = {"replicas": 1, "resources": {"cpu": 2, "memory": "8Gi", "gpu": 1}}
PRESENT = {"key": "nvidia.com/gpu", "value": "present"}


@cache
def stack(os: str) -> Graph:
    pools = {"system": SYSTEM, "apps": APPS, "gpu": {**POOL, "os": os}}
    return run_stack(with_apps({"web": {}, "model": MODEL}, nodePools=pools)).graph


def groups(graph: Graph) -> list[dict[str, Any]]:
    return [made.props for made in graph.all("NodeGroup") if made.name.startswith("gpu-")]


@pytest.mark.parametrize(
    ("os", "image"), [("al2023", "AL2023_x86_64_NVIDIA"), ("bottlerocket", "BOTTLEROCKET_x86_64_NVIDIA")]
)
def test_the_image_of_a_pool_with_gpus_has_the_drivers_and_its_taint_keeps_other_apps_off(os: str, image: str) -> None:
    for group in groups(stack(os)):
        assert group["amiType"] == image
        assert group["taints"] == [{**PRESENT, "effect": "NO_SCHEDULE"}]
    others = [made.props for made in stack(os).all("NodeGroup") if not made.name.startswith("gpu-")]
    assert {group["amiType"] for group in others} == {"AL2023_ARM_64_STANDARD"}


def test_the_autoscaler_knows_nodes_with_gpus_before_there_is_one() -> None:
    assert groups(stack("al2023"))[0]["labels"] == {
        "k8s.amazonaws.com/accelerator": "nvidia", "nvidia.com/gpu.present": "true", "nightowl/pool": "gpu"
    }  # fmt: skip
    tags = {made.props["tag"]["key"]: made.props["tag"]["value"] for made in stack("al2023").all("Tag")}
    template = "k8s.io/cluster-autoscaler/node-template"
    assert tags[f"{template}/label/k8s.amazonaws.com/accelerator"] == "nvidia"
    assert tags[f"{template}/taint/nvidia.com/gpu"] == "present:NoSchedule"


def test_the_device_plugin_runs_on_amazon_linux_with_gpus_and_bottlerocket_has_its_own() -> None:
    plugin = stack("al2023").one("Release", "nvidia-device-plugin").props
    assert plugin["values"]["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert plugin["values"]["tolerations"] == [{"operator": "Exists"}]
    assert "nvidia-device-plugin" not in {made.name for made in stack("bottlerocket").all("Release")}
    assert "nvidia.com/gpu.present" not in groups(stack("bottlerocket"))[0]["labels"]


def test_pods_that_ask_for_a_gpu_tolerate_the_taint_and_no_others_do() -> None:
    def tolerated(app: str) -> set[str]:
        pod = stack("al2023").one("Deployment", app).props["spec"]["template"]["spec"]
        return {toleration["key"] for toleration in pod["tolerations"]}

    assert "nvidia.com/gpu" in tolerated("model")
    assert "nvidia.com/gpu" not in tolerated("web")


def test_a_stack_without_gpus_has_no_device_plugin() -> None:
    graph = run_stack(with_apps({"web": {}})).graph
    assert "nvidia-device-plugin" not in {made.name for made in graph.all("Release")}


@pytest.mark.parametrize(
    ("app", "pools", "message"),
    [
        (
            MODEL,
            {"apps": APPS},
            "apps.web.resources.gpu: no node pool has GPUs; add one such as gpu: { instanceTypes: [g6.xlarge], min: 0, "
            "max: 4 }",
        ),
        (
            {**MODEL, "resources": {"gpu": 2}},
            {"apps": APPS, "gpu": POOL},
            "apps.web.resources.gpu: a pod requests 2 GPU, and the largest node that may take it, of pool gpu, has "
            "1 GPU for pods at most; lower it, or give the pool larger instanceTypes",
        ),
        (
            {},
            {"gpu": POOL},
            "apps.web.placement: no pool takes web: gpu has the taint nvidia.com/gpu; tolerate the taints, or ask for "
            "labels that a pool has",
        ),
        (
            {},
            {"apps": APPS, "other": {**POOL, "system": True, "min": 1}},
            "nodePools.other.instanceTypes: have GPUs, which the cluster's own controllers do not use",
        ),
    ],
    ids=["no pool", "more than a node has", "an app without", "system pool"],
)
def test_what_would_wait_for_ever_is_refused(app: dict[str, Any], pools: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        with_apps({"web": app}, nodePools={"system": SYSTEM, **pools})
    assert str(refused.value) == f"nightowl:{message}"


def test_a_release_may_have_a_gpu_of_its_own() -> None:
    app = {"release": {"command": ["train"], "resources": {"cpu": 1, "memory": "1Gi", "gpu": 1}}}
    settings = with_apps({"web": app}, nodePools={"system": SYSTEM, "apps": APPS, "gpu": POOL})
    [job] = run_stack(settings).graph.all("Job")
    assert {"key": "nvidia.com/gpu", "operator": "Exists"} in job.props["spec"]["template"]["spec"]["tolerations"]
