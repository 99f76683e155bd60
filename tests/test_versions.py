from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest

from infra.settings.aws.cluster import ClusterSettings
from infra.versions import EKS_STANDARD_SUPPORT_ENDS, KUBERNETES_MINOR

ACCEPTED = get_args(ClusterSettings.model_fields["version"].annotation)


def test_the_kubernetes_version_of_the_project_is_the_default_and_the_newest() -> None:
    assert KUBERNETES_MINOR == ClusterSettings().version == ACCEPTED[-1]


def test_the_end_of_support_of_every_accepted_version_is_known() -> None:
    assert set(EKS_STANDARD_SUPPORT_ENDS) == set(ACCEPTED)


@pytest.mark.parametrize("minor", ACCEPTED)
def test_a_kubernetes_version_is_supported_for_another_sixty_days(minor: str) -> None:
    ends = EKS_STANDARD_SUPPORT_ENDS[minor]
    assert date.today() + timedelta(days=60) <= ends, f"Kubernetes {minor} leaves standard support on {ends}"
