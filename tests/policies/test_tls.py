"""One reading of the load balancer's security policies, for listeners and for Ingresses."""

from __future__ import annotations

import pytest
from moto.elbv2.ssl_policies import SSL_POLICIES

from policies.facts.tls import refuses_tls_1_1
from policies.families.load_balancing import LISTENERS
from tests.policies.harness import RULE_BY_NAME, Draft, fired, judge
from tests.policies.objects import an_ingress

FAMILIES = {
    "TLS13-1-3-2021-06": True,
    "TLS13-1-3-FIPS-2023-04": True,
    "TLS13-1-2-2021-06": True,
    "TLS13-1-2-Res-PQ-2025-09": True,
    "TLS13-1-2-Ext2-2021-06": True,
    "TLS-1-2-2017-01": True,
    "TLS-1-2-Ext-2018-06": True,
    "FS-1-2-2019-08": True,
    "FS-1-2-Res-2019-08": True,
    "FS-1-2-Res-2020-10": True,
    "TLS13-1-1-2021-06": False,
    "TLS13-1-0-PQ-2025-09": False,
    "TLS-1-1-2017-01": False,
    "TLS-1-0-2015-04": False,
    "FS-1-1-2019-08": False,
    "FS-2018-06": False,
    "2016-08": False,
}
"""Whether a policy refuses TLS 1.1 (Application Load Balancers user guide, "Security policies")."""


def test_the_table_says_of_each_policy_what_the_api_says_of_its_protocols() -> None:
    old = {"TLSv1", "TLSv1.1"}
    known = {name: not old & set(policy["ssl_protocols"]) for name, policy in SSL_POLICIES.items()}
    assert {name: refuses_tls_1_1(name) for name in known} == known


def test_a_policy_that_the_table_does_not_have_is_not_taken_for_good_by_its_name() -> None:
    assert not refuses_tls_1_1("ELBSecurityPolicy-TLS13-1-2-and-1-0-too")


@pytest.mark.parametrize(("policy", "refuses"), FAMILIES.items(), ids=FAMILIES)
def test_listeners_and_ingresses_take_the_same_policies_for_modern(policy: str, refuses: bool) -> None:
    name = f"ELBSecurityPolicy-{policy}"
    draft = Draft([])
    draft.add(LISTENERS[0], "https", {"protocol": "HTTPS", "sslPolicy": name, "certificateArn": "x"})
    an_ingress(ssl_policy=name)(draft)
    rules = {"listener-speaks-modern-tls", "ingress-tls-policy"}
    assert fired(judge(draft, [RULE_BY_NAME[rule] for rule in rules])) == (set() if refuses else rules)
