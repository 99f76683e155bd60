"""The one table of versions, and what is told of the end of support; the day is always the test's."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from infra.plan.plan import plan_of_file
from infra.settings.eks.cluster import ClusterSettings
from infra.system import clock
from infra.versions import (
    INSTALLABLE_VERSIONS,
    KUBERNETES_MINOR,
    KUBERNETES_VERSIONS,
    REMOVED_APIS,
    WARNING_DAYS,
    minor_of,
    support_notice,
)
from policies.families.kubernetes_api import REMOVED
from tests.policies.harness import STACKS


def test_the_default_is_the_newest_version_that_everything_exists_for() -> None:
    assert ClusterSettings().version == KUBERNETES_MINOR == max(INSTALLABLE_VERSIONS, key=minor_of)


def test_versions_are_listed_without_a_gap_and_lose_their_support_in_order() -> None:
    assert all(minor_of(after) - minor_of(before) == 1 for before, after in pairwise(KUBERNETES_VERSIONS))
    ends = [version.standard_support_ends for version in KUBERNETES_VERSIONS.values()]
    assert ends == sorted(set(ends))


@pytest.mark.parametrize(
    ("days_left", "told"),
    [
        (WARNING_DAYS + 1, ""),
        (WARNING_DAYS, "ends on 2027-08-02, in 60 days; EKS then upgrades the cluster by itself"),
        (0, "ends on 2027-08-02, in 0 days; EKS then upgrades the cluster by itself"),
        (-1, "ended on 2027-08-02: EKS upgrades the cluster by itself, and then refuses updates that ask for 1.36"),
    ],
)
def test_the_end_of_support_is_told_in_time_with_what_eks_does_then(days_left: int, told: str) -> None:
    notice = support_notice("1.36", date(2027, 8, 2) - timedelta(days=days_left))
    assert told in notice
    assert bool(told) == bool(notice)


def test_nothing_is_told_of_a_version_that_nobody_knows() -> None:
    assert support_notice("1.99", date(2030, 1, 1)) == ""


def test_a_plan_tells_the_end_of_support(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = KUBERNETES_VERSIONS[KUBERNETES_MINOR].standard_support_ends
    monkeypatch.setattr(clock, "today", lambda: ends - timedelta(days=30))
    warnings = plan_of_file(STACKS / "Pulumi.prod.yaml", "prod").graph.warnings
    assert [
        line for line in warnings if re.match(r"stacks/[\w.]+\.yaml:\d+: nightowl:cluster\.version: .*in 30 days", line)
    ]


@pytest.mark.parametrize("text", ["1", "2.36", "1.x", "", "v1.36"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a minor version of Kubernetes, such as 1"):
        minor_of(text)


@pytest.mark.parametrize(
    ("api", "kind", "since"),
    [
        ("extensions/v1beta1", "Deployment", "1.16"),
        ("extensions/v1beta1", "NetworkPolicy", "1.16"),
        ("extensions/v1beta1", "Ingress", "1.22"),
        ("storage.k8s.io/v1beta1", "StorageClass", "1.22"),
        ("storage.k8s.io/v1beta1", "CSIDriver", "1.22"),
        ("storage.k8s.io/v1beta1", "CSIStorageCapacity", "1.27"),
        ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "1.29"),
    ],
)
def test_a_removed_kind_is_known_by_the_version_that_took_it_away(api: str, kind: str, since: str) -> None:
    assert kind in REMOVED_APIS[since][api]
    assert REMOVED[f"kubernetes:{api}:{kind}"] == since


def test_a_kind_leaves_an_api_version_once() -> None:
    listed = [(api, kind) for apis in REMOVED_APIS.values() for api, kinds in apis.items() for kind in kinds]
    assert len(listed) == len(set(listed))
