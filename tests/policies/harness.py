"""Stacks as a policy pack is shown them, to break in one respect, and the pack's own gRPC interface."""

from __future__ import annotations

import copy
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from infra.plan.policies import subjects
from policies import evaluation
from policies.evaluation import Evaluation
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import guarded
from policies.levels import Level, Levels, read_levels
from policies.rule import Rule, Scope
from policies.rules import ALL_RULES, RULES
from tests.policies.engine import Moment, analyze_request, analyze_stack_request
from tests.shipped import shipped_plan

ROOT = Path(__file__).parent.parent.parent
POLICIES = ROOT / "policies"
STACKS = ROOT / "stacks"
RULE_BY_NAME = {rule.name: rule for rule in RULES}
EKS_COMPONENT = "eks:index:Cluster"
PROTO_LEVELS = {
    Level.MANDATORY: analyzer_pb2.MANDATORY,
    Level.ADVISORY: analyzer_pb2.ADVISORY,
    Level.DISABLED: analyzer_pb2.DISABLED,
}


TODAY = date(2026, 11, 23)


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A resource of a shipped stack, which the drafts of all tests share: no test changes it."""

    resource: Resource
    guarded: Resource
    """The same as rules read it, which keeps what they have read."""
    inputs: str
    """Its inputs as JSON, of which a copy is made in a tenth of the time."""


@dataclass(eq=False)
class Request:
    """A resource that can be changed."""

    urn: str
    type: str
    name: str
    copied: Callable[[], dict[str, Any]]
    """Makes the inputs, for whoever asks for them first."""
    protect: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    parent: str = ""
    provider: str = ""
    depends_on: set[str] = field(default_factory=set)
    property_dependencies: dict[str, set[str]] = field(default_factory=dict)
    shipped: Shipped | None = None

    @functools.cached_property
    def inputs(self) -> dict[str, Any]:
        return self.copied()

    def resource(self) -> Resource:
        # Whoever changes inputs asks for them first, and gets a copy.
        untouched = None if "inputs" in vars(self) else self.shipped
        return Resource(
            urn=self.urn,
            type=self.type,
            name=self.name,
            props=untouched.resource.props if untouched else self.inputs,
            protect=self.protect,
            ignore_changes=tuple(self.ignore_changes),
            parent=self.parent,
            provider=self.provider,
            depends_on=frozenset(self.depends_on),
            property_dependencies={key: frozenset(urns) for key, urns in self.property_dependencies.items()},
        )

    def judged(self) -> Resource:
        """The resource as rules read it."""
        now, before = self.resource(), self.shipped
        if before is not None and now.props is before.resource.props and now == before.resource:
            return before.guarded
        return _guarded(now)


def _guarded(resource: Resource) -> Resource:
    return replace(resource, props=guarded(resource.props, resource.label))


@dataclass(eq=False)
class Draft:
    """A stack that can be changed."""

    requests: list[Request]

    def all(self, type_: str) -> list[Request]:
        return [request for request in self.requests if request.type == type_]

    def get(self, type_: str, name: str | None = None) -> Request:
        found = [request for request in self.all(type_) if name in {None, request.name}]
        assert found, f"the stack has no {type_} {name or ''}"
        return found[0]

    def of(self, type_: str, name: str | None = None) -> dict[str, Any]:
        return self.get(type_, name).inputs

    def add(
        self,
        type_: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        protect: bool = False,
        depends_on: Iterable[Request] = (),
        takes: Mapping[str, Request | Iterable[Request]] | None = None,
    ) -> Request:
        taken = {
            key: {other.urn for other in ([others] if isinstance(others, Request) else others)}
            for key, others in (takes or {}).items()
        }
        copied = copy.deepcopy(dict(inputs))
        request = Request(
            urn=f"urn:pulumi:test::test::{type_}::{name}",
            type=type_,
            name=name,
            copied=lambda: copied,
            protect=protect,
            depends_on={other.urn for other in depends_on},
            property_dependencies=taken,
        )
        self.requests.append(request)
        return request

    def remove(self, type_: str, name: str | None = None) -> None:
        gone = self.get(type_, name)
        self.requests.remove(gone)
        for request in self.requests:
            request.depends_on.discard(gone.urn)
            for urns in request.property_dependencies.values():
                urns.discard(gone.urn)

    def remove_all(self, type_: str) -> None:
        while self.all(type_):
            self.remove(type_)

    def forget_order(self, later: Request, earlier: Request) -> None:
        """Let `later` start before `earlier` is done, whatever else it waited for it through."""
        stack = {request.urn: request for request in self.requests}
        for request in self.requests:
            if request is earlier or not _waits_for(stack, request, earlier.urn):
                continue
            if request is later or _waits_for(stack, later, request.urn):
                request.depends_on.discard(earlier.urn)
                for urns in request.property_dependencies.values():
                    urns.discard(earlier.urn)

    def resources(self) -> tuple[Resource, ...]:
        return tuple(request.resource() for request in self.requests)


def _waits_for(stack: Mapping[str, Request], request: Request, urn: str) -> bool:
    seen: set[str] = set()
    ahead = [request.urn]
    while ahead:
        current = stack.get(ahead.pop())
        if current is None or current.urn in seen:
            continue
        seen.add(current.urn)
        before = {
            *current.depends_on,
            *(one for urns in current.property_dependencies.values() for one in urns),
            current.parent,
        }
        if urn in before:
            return True
        ahead.extend(before)
    return False


@dataclass(frozen=True)
class Mutation:
    """How a shipped stack is broken, so that `rule` fires and no other does, but those in `also`."""

    rule: str
    change: Callable[[Draft], object]
    stack: str = "prod"
    also: tuple[str, ...] = ()
    id: str = ""

    def draft(self) -> Draft:
        draft = shipped(self.stack)
        self.change(draft)
        return draft

    def __str__(self) -> str:
        return f"{self.rule}{'-' + self.id if self.id else ''}"


@functools.cache
def _shipped(stack: str) -> tuple[Shipped, ...]:
    # As rules see them, and not as a plan does.
    plain = draft_of(subjects(shipped_plan(stack).graph)).resources()
    return tuple(Shipped(resource=one, guarded=_guarded(one), inputs=json.dumps(one.props)) for one in plain)


def shipped(stack: str) -> Draft:
    """A stack as its file describes it, ready to be changed."""
    return Draft([_request(one.resource, functools.partial(json.loads, one.inputs), one) for one in _shipped(stack)])


def draft_of(resources: Sequence[Resource]) -> Draft:
    return Draft([_request(one, functools.partial(copy.deepcopy, dict(one.props))) for one in resources])


def _request(one: Resource, copied: Callable[[], dict[str, Any]], shipped: Shipped | None = None) -> Request:
    return Request(
        urn=one.urn,
        type=one.type,
        name=one.name,
        copied=copied,
        protect=one.protect,
        ignore_changes=list(one.ignore_changes),
        parent=one.parent,
        provider=one.provider,
        depends_on=set(one.depends_on),
        property_dependencies={key: set(urns) for key, urns in one.property_dependencies.items()},
        shipped=shipped,
    )


def add_what_the_eks_component_makes(draft: Draft) -> None:
    """Add what a plan leaves out: the provider that pulumi_eks makes for itself (pulumi-eks' nodejs/eks/cluster.ts)."""
    for component in draft.all(EKS_COMPONENT):
        made = draft.add(
            "pulumi:providers:kubernetes",
            f"{component.name}-eks-k8s",
            {"kubeconfig": "{}"},
            takes={"kubeconfig": draft.get("aws:eks/cluster:Cluster")},
        )
        made.parent = component.urn


def judge(draft: Draft, rules: Sequence[Rule] = RULES) -> Evaluation:
    """Judge without the engine, by every rule at its default level."""
    stack = Stack(resources=tuple(request.judged() for request in draft.requests), today=TODAY)
    return evaluation.judge(stack, rules, levels=Levels(), exceptions=(), today=TODAY)


def fired(evaluation: Evaluation) -> set[str]:
    return {violation.rule.name for violation in evaluation.violations}


@functools.cache
def fired_on_the_clean_stack(stack: str) -> frozenset[tuple[str, str, str]]:
    """What fires on a shipped stack as it is: accepted, and no mutation's work."""
    return frozenset((one.rule.name, one.urn, one.message) for one in judge(shipped(stack)).violations)


def newly_fired(mutation: Mutation) -> set[str]:
    clean = fired_on_the_clean_stack(mutation.stack)
    found = judge(mutation.draft()).violations
    return {one.rule.name for one in found if (one.rule.name, one.urn, one.message) not in clean}


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    rule: str
    urn: str
    message: str
    mandatory: bool

    @property
    def is_undecided(self) -> bool:
        return ": undecided, as " in self.message


class Analyzer:
    """The pack, started as the engine starts it and asked as the engine asks."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub
        self._shown: dict[str, str] = {}

    def configure(self, levels: Levels) -> None:
        config = {
            rule.name: analyzer_pb2.PolicyConfig(enforcementLevel=PROTO_LEVELS[levels.of(rule)]) for rule in ALL_RULES
        }
        self.stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=config))

    def only(self, *rules: str) -> None:
        """Switch all rules off but these."""
        off = {rule.name: Level.DISABLED for rule in ALL_RULES if rule.name not in rules}
        self.configure(Levels(by_rule=off))

    def analyze(
        self, draft: Draft, types: Iterable[str] | None = None, moment: Moment = Moment.UPDATE
    ) -> list[Diagnostic]:
        """Ask about each resource, or about those of `types`, as the program declares them."""
        wanted = None if types is None else set(types)
        stack = {request.urn: request for request in draft.requests}
        found: list[Diagnostic] = []
        for request in draft.requests:
            if wanted is None or request.type in wanted:
                self._shown[request.urn] = _fingerprint(request, moment)
                found += _diagnostics(self.stub.Analyze(analyze_request(request, stack, moment)), request.urn)
        return found

    def analyze_stack(self, draft: Draft, moment: Moment = Moment.UPDATE) -> list[Diagnostic]:
        """Ask about the stack as it is at the end of a run."""
        return _diagnostics(self.stub.AnalyzeStack(analyze_stack_request(draft.requests, moment)), "")

    def run_of(self, rule: Rule, draft: Draft) -> list[Diagnostic]:
        """Ask all that bears on one stack rule.

        Left out are resources that the rule does not judge alone, and that the pack was shown like that before.
        """
        new = {one.type for one in draft.requests if self._shown.get(one.urn) != _fingerprint(one, Moment.UPDATE)}
        types = new.union(rule.early)
        return [*self.analyze(draft, types), *self.analyze_stack(draft)]

    def run(self, draft: Draft, moment: Moment = Moment.UPDATE) -> list[Diagnostic]:
        """Ask all that the engine asks in one run."""
        return [*self.analyze(draft, moment=moment), *self.analyze_stack(draft, moment)]

    def info(self) -> Any:
        return self.stub.GetAnalyzerInfo(empty_pb2.Empty())


def _fingerprint(request: Request, moment: Moment) -> str:
    """What the pack is told of one resource alone."""
    options = (request.protect, request.ignore_changes, request.parent, request.provider)
    return json.dumps([moment.value, request.inputs, options])


@contextmanager
def started_analyzer() -> Iterator[Analyzer]:
    """Start the pack as the engine does, and end it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(POLICIES)]
    with subprocess.Popen(command, cwd=POLICIES, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().decode().strip()
            assert port.isdigit(), "the pack did not start"
            options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
                yield Analyzer(analyzer_pb2_grpc.AnalyzerStub(channel))
        finally:
            process.terminate()
            process.wait()


def fires_over_grpc(analyzer: Analyzer, mutation: Mutation) -> bool:
    rule = RULE_BY_NAME[mutation.rule]
    analyzer.only(rule.name)
    draft = mutation.draft()
    if rule.scope is Scope.RESOURCE:
        judged = {one.type for one in draft.resources() if any(view.type in rule.types for view in one.views)}
        found = analyzer.analyze(draft, judged)
    else:
        found = analyzer.run_of(rule, draft)
    clean = {(urn, message) for name, urn, message in fired_on_the_clean_stack(mutation.stack) if name == rule.name}
    return any(
        one.rule == rule.name
        and not one.is_undecided
        and not any(one.urn == urn and message in one.message for urn, message in clean)
        for one in found
    )


def strict_levels() -> Levels:
    return read_levels(POLICIES / "prod.json", ALL_RULES)


def _diagnostics(response: Any, urn: str) -> list[Diagnostic]:
    return [
        Diagnostic(
            rule=one.policyName,
            urn=one.urn or urn,
            message=one.message,
            mandatory=one.enforcementLevel == analyzer_pb2.MANDATORY,
        )
        for one in response.diagnostics
    ]
