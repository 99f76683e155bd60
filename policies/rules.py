"""All rules, by family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from policies import (
    autoscaling,
    availability,
    aws_secrets,
    cluster,
    cluster_api,
    cost,
    data_at_rest,
    exposure,
    identity,
    kubernetes_identity,
    kubernetes_secrets,
    lifecycle,
    load_balancing,
    matching,
    namespaces,
    network,
    network_policy,
    nodes,
    pod_baseline,
    pod_restricted,
    probes,
    resource_policies,
    rollout,
    scaling,
    storage,
    unseen,
    workloads,
)
from policies.exceptions_file import IN_DATE
from policies.rule import Rule


@dataclass(frozen=True, kw_only=True)
class Family:
    """The rules of one file."""

    title: str
    about: str
    """The first line of the file's docstring."""
    rules: Sequence[Rule]


def _family(title: str, module: ModuleType) -> Family:
    return Family(title=title, about=(module.__doc__ or "").strip().splitlines()[0], rules=module.RULES)


FAMILIES: tuple[Family, ...] = (
    _family("Network", network),
    _family("Cluster", cluster),
    _family("Nodes", nodes),
    _family("Identity", identity),
    _family("Autoscaling", autoscaling),
    _family("Load balancing", load_balancing),
    _family("Secrets and storage", aws_secrets),
    _family("Resource policies", resource_policies),
    _family("Data at rest", data_at_rest),
    _family("Unseen", unseen),
    _family("Cost", cost),
    _family("Lifecycle", lifecycle),
    _family("Workloads", workloads),
    _family("Pods: baseline", pod_baseline),
    _family("Pods: restricted", pod_restricted),
    _family("Probes", probes),
    _family("Scaling", scaling),
    _family("Availability", availability),
    _family("Rollout", rollout),
    _family("Selectors", matching),
    _family("Namespaces", namespaces),
    _family("Network policies", network_policy),
    _family("Exposure", exposure),
    _family("Identity in Kubernetes", kubernetes_identity),
    _family("Secrets in Kubernetes", kubernetes_secrets),
    _family("Storage in Kubernetes", storage),
    _family("Kubernetes API", cluster_api),
)

RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.rules)

ALL_RULES: tuple[Rule, ...] = (*RULES, IN_DATE)
"""With the rule that exceptions obey."""
