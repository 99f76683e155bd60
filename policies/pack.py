"""The rules as the engine runs them: each resource before it is made, and the whole stack at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.system import clock
from policies.evaluation import Evaluation, Undecided, Violation, judge, out_of_date
from policies.exceptions_file import FILE, read_exceptions
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import Undeclared, guarded
from policies.levels import Levels
from policies.rule import Rule, Scope
from policies.rules import RULES

NAME = "nightowl"


class Pack:
    """All rules, at levels that can be set, for one run of the engine.

    The engine shows what the program declares when it asks about a resource, and at the end what came of it: an object
    as the API server has it, with its defaults and the autoscaler's replicas, or nothing at all where the provider is
    not known before an update. So rules that look at the whole stack are given what was declared.
    """

    def __init__(self, rules: Sequence[Rule] = RULES, exceptions: Path = FILE) -> None:
        """Read the exceptions. Raises PolicyDataError."""
        self.levels = Levels()
        self._exceptions = read_exceptions(rules, exceptions)
        self._stack_rules = [rule for rule in rules if rule.scope is Scope.STACK]
        self._early_rules: dict[str, list[Rule]] = {}
        for rule in rules:
            for type_ in rule.early:
                self._early_rules.setdefault(type_, []).append(rule)
        self._declared: dict[str, Mapping[str, Any]] = {}
        self._reported: dict[str, set[tuple[str, str]]] = {}

    def judge_resource(self, resource: Resource) -> Evaluation:
        """Judge a resource by what the program declares for it, and keep that for `judge_stack`."""
        declared = replace(resource, props=guarded(resource.props, resource.label))
        self._declared[resource.urn] = declared.props
        stack = Stack(resources=(declared,))
        rules = {rule.name: rule for type_ in stack.types for rule in self._early_rules.get(type_, ())}
        found = self._judge(stack, rules.values())
        self._reported[resource.urn] = {(one.rule.name, one.message) for one in (*found.violations, *found.undecided)}
        return found

    def judge_stack(self, resources: Iterable[Resource]) -> Evaluation:
        """Judge the whole stack; the properties of `resources` are what came of them."""
        stack = Stack(resources=tuple(replace(one, props=self._facts(one)) for one in resources))
        found = self._judge(stack, self._stack_rules)
        ended = out_of_date(self._exceptions, levels=self.levels, today=clock.today())
        return replace(
            found,
            violations=[*ended, *(one for one in found.violations if not self._is_reported(one))],
            undecided=[one for one in found.undecided if not self._is_reported(one)],
        )

    def _is_reported(self, found: Violation | Undecided) -> bool:
        return (found.rule.name, found.message) in self._reported.get(found.urn, ())

    def _judge(self, stack: Stack, rules: Iterable[Rule]) -> Evaluation:
        return judge(stack, rules, levels=self.levels, exceptions=self._exceptions, today=clock.today())

    def _facts(self, resource: Resource) -> Mapping[str, Any]:
        declared = self._declared.get(resource.urn)
        if declared is not None:
            return declared
        # Read by the program, or left out by --target. What came of an AWS resource holds what was declared for it.
        if resource.type.startswith("kubernetes:") or not resource.props:
            return Undeclared(resource.label)
        return guarded(resource.props, resource.label)
