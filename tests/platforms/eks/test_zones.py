from __future__ import annotations

import pytest

from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.zones import zone_names
from infra.settings.problems import SettingsError
from tests.platforms.eks.answers import AwsAnswers
from tests.platforms.eks.harness_aws import run


def look_up(count: int, answers: AwsAnswers) -> tuple[str, ...]:
    found: list[tuple[str, ...]] = []

    def program(context: AwsContext) -> None:
        found.append(zone_names(context.provider, count))

    run(program, answers=answers)
    return found[0]


def test_the_first_zones_by_name_are_taken_however_aws_orders_them() -> None:
    answers = AwsAnswers(zones=("eu-central-1c", "eu-central-1a", "eu-central-1b"))
    assert look_up(2, answers) == ("eu-central-1a", "eu-central-1b")


def test_zones_without_control_plane_and_zones_behind_an_opt_in_are_left_out() -> None:
    answers = AwsAnswers()
    look_up(3, answers)
    (call,) = answers.calls
    assert call.provider.endswith("::aws::aws-id")
    assert call.args == {
        "state": "available",
        "filters": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
        "excludeZoneIds": ["use1-az3", "usw1-az2", "cac1-az3"],
    }


def test_more_zones_than_the_region_has_are_refused_with_what_it_has() -> None:
    with pytest.raises(SettingsError) as refused:
        look_up(3, AwsAnswers(zones=("us-west-1a", "us-west-1c")))
    assert str(refused.value) == (
        "nightowl:network.zones: 3 is more than the 2 zones that EKS can use in this region "
        "(us-west-1a, us-west-1c); lower it"
    )
