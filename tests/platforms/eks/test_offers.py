"""Machine types are asked for before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from tests.platforms.eks.answers import ZONES
from tests.platforms.eks.stacks import SECTIONS, run_stack, with_apps


def pools(**apps: Any) -> StackSettings:
    return with_apps({}, nodePools={**SECTIONS["nodePools"], "apps": {**SECTIONS["nodePools"]["apps"], **apps}})


def refusal(settings: StackSettings, **answers: Any) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        run_stack(settings, preview=True, **answers)
    return str(refused.value).split("\n")


def test_a_type_that_a_zone_does_not_offer_is_refused_with_pool_type_and_zone() -> None:
    settings = pools(instanceTypes=["m7g.xlarge", "m8g.xlarge"])
    assert refusal(settings, not_offered={("m8g.xlarge", ZONES[1])}) == [
        f"nightowl:nodePools.apps.instanceTypes: m8g.xlarge is not offered in {ZONES[1]}, and EKS would refuse the "
        "node group there; remove it, or name a type that is"
    ]


def test_a_type_that_the_region_does_not_offer_is_refused_once() -> None:
    nowhere = {("m7g.large", zone) for zone in ZONES}
    (line,) = refusal(pools(), not_offered=nowhere)
    assert line.startswith(f"nightowl:nodePools.system.instanceTypes: m7g.large is not offered in {ZONES[0]}, ")


def test_a_zone_that_a_pool_does_not_use_is_not_asked_for() -> None:
    settings = pools(instanceTypes=["m8g.xlarge"], min=0, max=1)
    assert run_stack(settings, not_offered={("m8g.xlarge", ZONES[1])}).graph.all("NodeGroup")


def test_a_type_with_another_processor_than_its_name_says_is_refused() -> None:
    assert refusal(pools(), made_for={"m7g.xlarge": "x86_64"}) == [
        "nightowl:nodePools.apps.instanceTypes: m7g.xlarge does not run images for arm64, which the pool's nodes start "
        "from; remove it"
    ]


def test_pools_of_both_processors_pass() -> None:
    assert run_stack(pools(instanceTypes=["m7i.xlarge"])).graph.all("NodeGroup")
