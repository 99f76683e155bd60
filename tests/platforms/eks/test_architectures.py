from __future__ import annotations

from infra.platforms.eks.limits.architectures import architecture_notes
from tests.platforms.eks.stacks import APP, SECTIONS, run_stack, with_apps

MIXED = {**SECTIONS["nodePools"], "intel": {"instanceTypes": ["m7i.xlarge"], "min": 1, "max": 3}}


def test_an_app_that_nodes_of_two_architectures_take_is_told_of_before_an_image_for_one_ends_there() -> None:
    pinned = {"placement": {"labels": {"kubernetes.io/arch": "amd64"}}}
    run = run_stack(with_apps({"web": APP, "old": {**APP, **pinned}}, nodePools=MIXED))
    assert [line for line in run.warnings if "exec format" in line] == [
        "nightowl:apps.web.image: its pods may start on nodes of amd64 (pool intel) and arm64 (pool apps), where an "
        "image for one of them ends with `exec format error`; `nightowl image` tells what it has, and placement.labels "
        "with kubernetes.io/arch keeps it on one"
    ]


def test_on_nodes_of_one_architecture_there_is_nothing_to_tell() -> None:
    assert list(architecture_notes(with_apps({"web": APP}))) == []
