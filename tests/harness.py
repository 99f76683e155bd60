"""Runs Pulumi programs against mocks, and gives what they asked the engine for.

Everything is recorded at the engine's door (`RegisterResource`), so parents, providers, dependencies and time limits
are seen as the engine would see them, and properties as the provider would.
"""

from __future__ import annotations

import json
import logging
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
from google.protobuf import json_format
from pulumi.runtime.mocks import MockMonitor
from typing_extensions import override

from infra.platforms.state import READ_RESOURCES
from infra.settings.build import PROJECT, build_settings
from infra.stack import build

REPOSITORY = Path(__file__).parent.parent
CONTEXT = "test"


@dataclass(frozen=True, kw_only=True)
class Made:
    """One resource, as the program registered it."""

    urn: str
    type: str
    """Such as `kubernetes:apps/v1:Deployment`."""
    name: str
    parent: str
    custom: bool
    provider: str
    depends_on: list[str]
    timeouts: dict[str, str]
    ignore_changes: list[str]
    retain_on_delete: bool
    protect: bool
    aliases: list[tuple[str, str]]
    """Name and parent's URN of each place where the state may have it."""
    alias_types: list[str]
    """Types under which the state may have it."""
    deleted_first: bool
    """Whether what it takes the place of is deleted before it is made."""
    props: dict[str, Any]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]

    @property
    def object_name(self) -> str:
        return str(self.props["metadata"]["name"])


@dataclass(kw_only=True)
class Graph:
    """All that one run of a program made."""

    resources: list[Made] = field(default_factory=list)
    component_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each component registered, by URN."""
    outputs: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def all(self, kind: str) -> list[Made]:
        return [made for made in self.resources if made.custom and made.kind == kind]

    def one(self, kind: str, name: str) -> Made:
        found = [made for made in self.all(kind) if made.name == name]
        assert len(found) == 1, f"{kind} {name}: {len(found)} of {[(m.kind, m.name) for m in self.resources]}"
        return found[0]

    def only(self, kind: str) -> Made:
        found = self.all(kind)
        assert len(found) == 1, f"{kind}: {[made.name for made in found]}"
        return found[0]

    def has(self, kind: str, name: str) -> bool:
        return any(made.name == name for made in self.all(kind))

    def objects(self) -> list[Made]:
        """Everything that reaches the cluster."""
        return [made for made in self.resources if made.type.startswith("kubernetes:")]

    def pod(self, app: str) -> dict[str, Any]:
        """The pod template of `app`, whatever makes its pods."""
        if self.has("CronJob", app):
            return self.one("CronJob", app).props["spec"]["jobTemplate"]["spec"]["template"]
        for kind in ("Deployment", "StatefulSet"):
            if self.has(kind, app):
                return self.one(kind, app).props["spec"]["template"]
        return self.only("Job").props["spec"]["template"]

    def components(self, kind: str) -> dict[str, dict[str, Any]]:
        """The components of a type as the next run of the stack finds them in its state."""
        return {
            made.urn: {"type": made.type, "outputs": self.component_outputs[made.urn]}
            for made in self.resources
            if made.type == kind
        }

    def made_before(self, made: Made) -> set[str]:
        """Kind and name of all that the engine makes before `made`, at one remove or more."""
        by_urn = {other.urn: other for other in self.resources}
        seen: set[str] = set()
        waiting = list(made.depends_on)
        while waiting:
            urn = waiting.pop()
            if urn not in seen and urn in by_urn:
                seen.add(urn)
                waiting += by_urn[urn].depends_on
        return {f"{by_urn[urn].kind} {by_urn[urn].name}" for urn in seen}


Calls = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]
"""Answers to functions of providers, by token."""


class _Answers(pulumi.runtime.Mocks):
    def __init__(self, state: Mapping[str, Any], calls: Calls) -> None:
        self.state, self.calls = dict(state), calls

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token == READ_RESOURCES:
            return {"outputs": self.state}, []
        if args.token in self.calls:
            return dict(self.calls[args.token](args.args)), []
        raise AssertionError(f"the program calls {args.token}, which has no answer here")


class _Recorder(MockMonitor):
    def __init__(self, graph: Graph, state: Mapping[str, Any], calls: Calls) -> None:
        super().__init__(_Answers(state, calls))
        self.graph = graph

    @override
    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.type == "pulumi:pulumi:Stack":
            return answer
        self.graph.resources.append(
            Made(
                urn=answer.urn,
                type=request.type,
                name=request.name,
                parent=request.parent,
                custom=request.custom,
                provider=request.provider,
                depends_on=list(request.dependencies),
                timeouts={
                    action: value
                    for action in ("create", "update", "delete")
                    if (value := getattr(request.customTimeouts, action))
                },
                ignore_changes=list(request.ignoreChanges),
                retain_on_delete=request.retainOnDelete,
                protect=request.protect,
                deleted_first=request.deleteBeforeReplace,
                aliases=[(alias.spec.name, alias.spec.parentUrn) for alias in request.aliases],
                alias_types=[alias.spec.type for alias in request.aliases],
                props=_whole_numbers(json_format.MessageToDict(request.object)),
            )
        )
        return answer

    @override
    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.graph.component_outputs[request.urn] = _whole_numbers(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def run(
    program: Callable[[], None],
    *,
    config: Mapping[str, Any] | None = None,
    preview: bool = False,
    state: Mapping[str, Any] | None = None,
    calls: Calls | None = None,
) -> Graph:
    """Run `program` with the sections of a stack file as configuration, on top of `state`, outputs by URN."""
    graph = Graph()
    logger = logging.getLogger("tests.engine")
    logger.handlers = [_Lines(graph.log)]
    logger.propagate = False
    pulumi.runtime.reset_options()
    pulumi.runtime.set_all_config({f"{PROJECT}:{key}": json.dumps(value) for key, value in (config or {}).items()})
    recorder = _Recorder(graph, state or {}, calls or {})
    pulumi.runtime.set_mocks(
        recorder.mocks, project=PROJECT, stack="test", preview=preview, logger=logger, monitor=recorder
    )

    @pulumi.runtime.test
    def go() -> pulumi.Output[None]:
        program()
        return pulumi.Output.from_input(_exports()).apply(graph.outputs.update)

    go()
    keys = [(made.parent, made.type, made.name) for made in graph.resources]
    assert len(keys) == len(set(keys)), "two resources share a name"
    return graph


def run_program(config: Mapping[str, Any], *, preview: bool = False) -> Graph:
    """Run the whole program the way the language host does. The mocks stand for the cluster, which nobody looks for."""

    def program() -> None:
        with (
            patch("infra.program.require_cluster"),
            patch("infra.program.require_namespace"),
        ):
            runpy.run_path(str(REPOSITORY / "infra"), run_name="__main__")

    return run(program, config=config, preview=preview)


def build_apps(
    apps: Mapping[str, Any],
    *,
    namespace: Mapping[str, Any] | None = None,
    platform: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
) -> Graph:
    """Build a stack of `apps` on an existing cluster, from sections written as in a stack file."""
    sections: dict[str, Any] = {
        "platform": {"kind": "existing", "context": CONTEXT, **(platform or {})},
        "apps": dict(apps),
        **({"namespace": dict(namespace)} if namespace else {}),
    }
    settings = build_settings(sections)

    def program() -> None:
        for name, value in build(settings).items():
            pulumi.export(name, value)

    return run(program, state=state)


def _exports() -> dict[str, Any]:
    stack = pulumi.runtime.get_root_resource()
    return dict(stack.outputs) if isinstance(stack, pulumi.runtime.stack.Stack) else {}


def _whole_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
