"""All rules, by family."""

from __future__ import annotations

from policies.exceptions_file import IN_DATE
from policies.families import (
    autoscaling,
    availability,
    cluster,
    cost,
    data_at_rest,
    exposure,
    identity,
    kubernetes_api,
    kubernetes_identity,
    kubernetes_secrets,
    kubernetes_storage,
    lifecycle,
    load_balancing,
    namespaces,
    network,
    network_policies,
    nodes,
    pods_baseline,
    pods_restricted,
    probes,
    resource_policies,
    rollout,
    scaling,
    secrets_and_storage,
    selectors,
    unseen,
    workloads,
)
from policies.rule import Family, Rule

FAMILIES: tuple[Family, ...] = (
    network.family,
    cluster.family,
    nodes.family,
    identity.family,
    autoscaling.family,
    load_balancing.family,
    secrets_and_storage.family,
    resource_policies.family,
    data_at_rest.family,
    unseen.family,
    cost.family,
    lifecycle.family,
    workloads.family,
    pods_baseline.family,
    pods_restricted.family,
    probes.family,
    scaling.family,
    availability.family,
    rollout.family,
    selectors.family,
    namespaces.family,
    network_policies.family,
    exposure.family,
    kubernetes_identity.family,
    kubernetes_secrets.family,
    kubernetes_storage.family,
    kubernetes_api.family,
)
"""In the order of the reference."""

RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.rules)

ALL_RULES: tuple[Rule, ...] = (*RULES, IN_DATE)
"""With the rule that exceptions obey."""
