"""Runs AWS components under mocks and gives the graph that the engine would get: properties, options and order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
import pulumi_aws as aws
from google.protobuf import json_format
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.rpc import _special_resource_sig, _special_sig_key
from typing_extensions import override

from infra.plan.values import without_references
from infra.platforms.eks.context import AwsContext
from infra.urns import provider_urn
from tests.platforms.eks.answers import ACCOUNT, REGION, AwsAnswers

PROJECT = "nightowl"
STACK = "test"


@dataclass(frozen=True, kw_only=True)
class Made:
    """One resource as it was registered."""

    urn: str
    type: str
    """Such as `aws:ec2/subnet:Subnet`."""
    name: str
    parent: str
    custom: bool
    remote: bool
    provider: str
    providers: dict[str, str]
    depends_on: frozenset[str]
    """URNs of all that it waits for: by its own inputs, and by `depends_on`."""
    protect: bool
    retain_on_delete: bool
    import_id: str
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...]
    delete_before_replace: bool
    timeouts: dict[str, str]
    props: dict[str, Any]

    @property
    def kind(self) -> str:
        """The last part of the type: `Subnet`."""
        return self.type.rpartition(":")[2]


@dataclass(kw_only=True)
class Graph:
    """All that one run of a program made, in the order of registration."""

    resources: list[Made] = field(default_factory=list)

    def all(self, kind: str) -> list[Made]:
        """Give all resources of a kind (`Subnet`) or a full type (`aws:lb/targetGroup:TargetGroup`)."""
        return [made for made in self.resources if kind in (made.kind, made.type)]

    def one(self, kind: str, name: str | None = None) -> Made:
        """Give the only resource of a kind, or the only one of that name."""
        found = [made for made in self.all(kind) if name is None or made.name == name]
        assert len(found) == 1, f"{kind} {name}: {len(found)} of {[(made.kind, made.name) for made in self.resources]}"
        return found[0]

    def below(self, component: Made) -> list[Made]:
        """Give everything inside a component, at any depth."""
        children = [made for made in self.resources if made.parent == component.urn]
        return children + [inner for child in children for inner in self.below(child)]

    def made_before(self, made: Made) -> set[str]:
        """Give the URNs of all that the engine makes before `made`, at one remove or more.

        A child is made after its parent component is registered, so what the parent waits for counts as well.
        """
        by_urn = {other.urn: other for other in self.resources}
        seen: set[str] = set()
        waiting = list(self._direct(made, by_urn))
        while waiting:
            urn = waiting.pop()
            if urn not in seen and urn in by_urn:
                seen.add(urn)
                waiting += self._direct(by_urn[urn], by_urn)
        return seen

    def waits_for(self, later: Made, earlier: Made) -> bool:
        """Tell whether `later` is made after `earlier`."""
        return earlier.urn in self.made_before(later)

    def deleted_before(self, first: Made, then: Made) -> bool:
        """Tell whether the engine deletes `first` before `then`: only recorded dependencies count, not parents'."""
        by_urn = {other.urn: other for other in self.resources}
        seen: set[str] = set()
        waiting = [*first.depends_on, provider_urn(first.provider)]
        while waiting:
            urn = waiting.pop()
            if urn not in seen and urn in by_urn:
                seen.add(urn)
                waiting += [*by_urn[urn].depends_on, provider_urn(by_urn[urn].provider)]
        return then.urn in seen

    @staticmethod
    def _direct(made: Made, by_urn: dict[str, Made]) -> Iterator[str]:
        yield from made.depends_on
        yield provider_urn(made.provider)
        parent = by_urn.get(made.parent)
        while parent is not None:
            yield from parent.depends_on
            # A component waits for every provider that it is given, whether anything in it uses it or not.
            yield from (provider_urn(reference) for reference in parent.providers.values())
            parent = by_urn.get(parent.parent)


class Recorder(MockMonitor):
    """A monitor that keeps every registration, and gives `pulumi_eks.Cluster` the control plane that it makes."""

    def __init__(self, answers: AwsAnswers, graph: Graph) -> None:
        super().__init__(answers)
        self.answers = answers
        self.graph = graph

    @override
    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(without_references(request))
        if request.type == "pulumi:pulumi:Stack":
            return answer
        if request.type == "eks:index:Cluster":
            self._add_control_plane(answer, request)
        self.graph.resources.append(_made(answer.urn, request))
        return answer

    def _add_control_plane(self, answer: Any, request: Any) -> None:
        name = request.object.fields["name"].string_value or request.name
        urn = self.make_urn(answer.urn, "aws:eks/cluster:Cluster", f"{request.name}-eksCluster")
        state = self.answers.control_plane_state(name)
        self.resources[urn] = MockMonitor.ResourceRegistration(urn, name, state)
        reference = {_special_sig_key: _special_resource_sig, "urn": urn, "id": name, "packageVersion": ""}
        answer.object["eksCluster"] = reference


def run(
    program: Callable[[AwsContext], object],
    *,
    answers: AwsAnswers | None = None,
    protect: bool = True,
    preview: bool = False,
) -> Graph:
    """Run `program` with the context of a stack `nightowl-test`, and give what it made."""
    return run_bare(lambda: program(make_context(protect=protect)), answers=answers, preview=preview)


def run_bare(
    program: Callable[[], object], *, answers: AwsAnswers | None = None, preview: bool = False, stack: str = STACK
) -> Graph:
    """Run `program` and give what it made. Errors of the program are raised here."""
    graph = Graph()
    recorder = Recorder(answers or AwsAnswers(), graph)
    pulumi.runtime.reset_options()
    pulumi.runtime.set_all_config({})
    pulumi.runtime.set_mocks(recorder.mocks, project=PROJECT, stack=stack, preview=preview, monitor=recorder)

    @pulumi.runtime.test
    def go() -> None:
        program()

    go()
    keys = [(made.type, made.name, made.parent) for made in graph.resources]
    assert len(keys) == len(set(keys)), "two resources share a name"
    return graph


def make_context(*, protect: bool = True, provider: aws.Provider | None = None) -> AwsContext:
    """Make the context of the stack `nightowl-test`. Without a `provider`, call it inside a program under mocks."""
    return AwsContext(
        name=f"{PROJECT}-{STACK}",
        project=PROJECT,
        stack=STACK,
        account_id=ACCOUNT,
        region=REGION,
        provider=provider or aws.Provider("aws", region=REGION),
        tags={"stack": "test"},
        protect=protect,
    )


def context_of_documents() -> AwsContext:
    """Make the context of the stack `nightowl-test` for documents, which name no provider."""
    return make_context(provider=cast(aws.Provider, object()))


def _made(urn: str, request: Any) -> Made:
    return Made(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        remote=request.remote,
        provider=request.provider,
        providers=dict(request.providers),
        depends_on=frozenset(request.dependencies)
        | {item for one in request.propertyDependencies.values() for item in one.urns},
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        import_id=request.importId,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        delete_before_replace=request.deleteBeforeReplace,
        timeouts={
            action: value
            for action in ("create", "update", "delete")
            if (value := getattr(request.customTimeouts, action))
        },
        props=_whole_numbers(json_format.MessageToDict(request.object)),
    )


def _whole_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
