"""One reading of the load balancer's security policies, for listeners and for Ingresses."""

from __future__ import annotations

import pytest

from policies.load_balancing import LISTENERS
from tests.policies.changes import put
from tests.policies.harness import Mutation, newly_fired
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


@pytest.mark.parametrize(("policy", "refuses"), FAMILIES.items(), ids=FAMILIES)
def test_listeners_and_ingresses_take_the_same_policies_for_modern(policy: str, refuses: bool) -> None:
    name = f"ELBSecurityPolicy-{policy}"
    listener = newly_fired(Mutation(rule="", change=put(LISTENERS[0], name, "sslPolicy", name="alb-https")))
    ingress = newly_fired(Mutation(rule="", change=an_ingress(ssl_policy=name)))
    assert listener == (set() if refuses else {"listener-speaks-modern-tls"})
    assert ingress == (set() if refuses else {"ingress-tls-policy"})
