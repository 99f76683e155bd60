from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from infra.settings.eks.network import NetworkSettings
from infra.settings.problems import problems_of


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"cidr": "10.20.0.0"}, "nightowl:cidr: '10.20.0.0' must be a private network from /16 (largest) to /20"),
        ({"cidr": "10.0.0.0/8"}, "nightowl:cidr: '10.0.0.0/8' must be a private network from /16 (largest)"),
        ({"cidr": "10.20.0.0/24"}, "nightowl:cidr: '10.20.0.0/24' must be a private network from /16 (largest)"),
        ({"cidr": "8.8.0.0/16"}, "nightowl:cidr: '8.8.0.0/16' must be a private network"),
        ({"cidr": "127.0.0.0/16"}, "nightowl:cidr: '127.0.0.0/16' must be a private network"),
        ({"cidr": "169.254.0.0/16"}, "nightowl:cidr: '169.254.0.0/16' must be a private network"),
        ({"cidr": "10.20.1.0/16"}, "nightowl:cidr: '10.20.1.0/16' is not a network such as 10.20.0.0/16"),
        ({"cidr": "172.17.0.0/20"}, "nightowl:cidr: '172.17.0.0/20' overlaps 172.17.0.0/16, which AWS services use"),
        ({"zones": 1}, "nightowl:zones: 1 is below 2"),
        ({"zones": 5}, "nightowl:zones: 5 is above 4"),
        ({"nat": "none"}, "nightowl:nat: 'none' is not perZone or single"),
        ({"interfaceEndpoints": ["sts", "ec2", "sts"]}, "nightowl:interfaceEndpoints: a list names sts more than once"),
        ({"interfaceEndpoints": ["s3"]}, "nightowl:interfaceEndpoints[0]: 's3' is not autoscaling, ec2, "),
        ({"flowLogRetentionDays": 45}, "nightowl:flowLogRetentionDays: 45 is not 30, 90, 365 or 731"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused_with_the_key_and_the_reason(
    section: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        NetworkSettings.model_validate(section)
    (found,) = problems_of(refused.value, NetworkSettings, "nightowl")
    assert str(found).startswith(problem)


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.16.0.0/16", "172.18.0.0/20", "192.168.0.0/16", "192.168.16.0/20"])
def test_private_networks_are_accepted(cidr: str) -> None:
    assert NetworkSettings.model_validate({"cidr": cidr}).cidr == cidr
