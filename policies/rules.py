"""All rules, by family."""

from __future__ import annotations

from importlib import import_module

from policies.exceptions_file import IN_DATE
from policies.facts.values import words
from policies.rule import Family, Rule

MODULES = words("""
    network cluster nodes identity autoscaling load_balancing secrets_and_storage resource_policies data_at_rest
    unseen cost lifecycle workloads pods_baseline pods_restricted probes scaling availability rollout selectors
    namespaces network_policies exposure kubernetes_identity kubernetes_secrets kubernetes_storage kubernetes_api
""")
"""Each has a `family`; in the order of the reference."""

FAMILIES: tuple[Family, ...] = tuple(import_module(f"policies.families.{module}").family for module in MODULES)

RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.rules)

ALL_RULES: tuple[Rule, ...] = (*RULES, IN_DATE)
"""With the rule that exceptions obey."""
