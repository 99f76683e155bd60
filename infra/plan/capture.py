"""Running a Pulumi program in this process, and recording what it asks the engine for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime.mocks import MockMonitor
from typing_extensions import override

from infra.errors import NightowlError
from infra.plan.answers import Answers
from infra.plan.eks_component import COMPONENT, CONTROL_PLANE, SUBNET_KEYS
from infra.plan.graph import Graph, Resource
from infra.plan.values import HIDDEN, plain_struct, plain_value, without_references
from infra.urns import STACK_TYPE, provider_urn, urn_name


class ProgramError(NightowlError):
    """The program refused its settings; the message is its own."""


def capture(program: Callable[[], Mapping[str, Any]], answers: Answers) -> Graph:
    """Run `program`, which returns what it exports, and return the resources that it registers.

    It runs as in an update, so no output is unknown: what only the cloud knows is one of `answers`.

    Raises:
        ProgramError: the program raised `pulumi.RunError`, or registered two resources under one URN.
        UnknownCallError: it looks something up for which there is no answer.
    """
    recorder = _Recorder(answers)
    warnings: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        warnings.append(record.getMessage())
        return False

    log = logging.Logger("nightowl.plan", logging.WARNING)
    log.addFilter(note)
    # The runtime is global to the process, and keeps the stack of the run before.
    pulumi.runtime.reset_options()
    pulumi.runtime.set_mocks(answers, answers.project, answers.stack, preview=False, logger=log, monitor=recorder)
    outputs: dict[str, Any] = {}
    try:
        _run_to_the_end(lambda: pulumi.Output.from_input(_settle(program(), outputs)))
    except pulumi.RunError as error:
        raise ProgramError(str(error)) from None
    except Exception:
        if answers.unanswered:
            raise answers.unanswered from None
        raise
    finally:
        pulumi.runtime.reset_options()
    if recorder.duplicates:
        raise ProgramError("\n".join(recorder.duplicates))
    return Graph(
        project=answers.project,
        stack=answers.stack,
        account_id=answers.account_id,
        # Registrations land in any order; this one is the same each time.
        resources=tuple(recorder.recorded[urn] for urn in sorted(recorder.recorded)),
        inner=tuple(recorder.inner),
        outputs=outputs,
        warnings=tuple(dict.fromkeys(warnings)),
    )


async def _settle(exports: Mapping[str, Any], outputs: dict[str, Any]) -> None:
    """Put the value of each export into `outputs`; one that is secret, or holds a secret, stays hidden."""
    for key, export in exports.items():
        output: pulumi.Output[Any] = pulumi.Output.from_input(export)
        value = await output.future()
        outputs[key] = HIDDEN if await output.is_secret() else plain_value(value)


def _run_to_the_end(program: Callable[[], pulumi.Output[None]]) -> None:
    """Run `program` on an event loop, until every registration that it started has landed.

    `pulumi.runtime.test` is the SDK's one public way to do so without a language host. The other supported way is an
    engine's gRPC server behind `pulumi.runtime.settings.configure`: it would make ports and threads of its own, and
    answer with the same classes as the mocks.
    """
    wrap = cast("Callable[[Callable[[], pulumi.Output[None]]], Callable[[], None]]", cast("Any", pulumi.runtime).test)
    wrap(program)()


class _Recorder(MockMonitor):
    def __init__(self, answers: Answers) -> None:
        super().__init__(answers)
        self.answers = answers
        self.recorded: dict[str, Resource] = {}
        self.owners: dict[str, str] = {}
        self.duplicates: list[str] = []
        self.inner: list[Resource] = []

    @override
    def make_urn(self, parent: str, type_: str, name: str) -> str:
        # As the engine does. The mock's own URNs know one level of parents, and so mix up what the engine keeps apart.
        parent_type = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if parent_type == STACK_TYPE else f"{parent_type}${type_}"
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{qualified}::{name}"

    @override
    def RegisterResource(self, request: Any) -> Any:
        answer: Any = cast("Any", super()).RegisterResource(without_references(request))
        if request.type == STACK_TYPE:
            return answer
        if answer.urn in self.recorded:
            # An error raised here would reach the program, which may take it for its own.
            self.duplicates.append(
                f"two resources of type {request.type} are named {request.name!r}; rename one of them"
            )
        self.recorded[answer.urn] = self._resource(request, answer.urn)
        if request.type == COMPONENT:
            self._record_inside(self.recorded[answer.urn])
        return answer

    def _resource(self, request: Any, urn: str) -> Resource:
        property_dependencies = {
            key: self._outer(value.urns) for key, value in request.propertyDependencies.items() if value.urns
        }
        # A component names in a map all that its children may use, and waits for each; everything else names one.
        providers = [request.provider, *request.providers.values()]
        provider_urns = [provider_urn(reference) for reference in providers if reference]
        return Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent="" if f"::{STACK_TYPE}::" in request.parent else request.parent,
            custom=request.custom or request.remote,
            props=plain_struct(request.object),
            depends_on=self._outer(request.dependencies).union(*property_dependencies.values(), provider_urns),
            property_dependencies=property_dependencies,
            provider=next(iter(provider_urns), ""),
            protect=request.protect,
            ignore_changes=tuple(request.ignoreChanges),
        )

    def _record_inside(self, owner: Resource) -> None:
        """Record what exists only inside `owner`, a component that a plug-in makes, so that outputs may refer to it.

        It comes as the component does: as late, and as well protected.
        """
        made, inputs = self.answers.inside[owner.name]
        self.resources[made.urn] = made
        self.owners[made.urn] = owner.urn
        subnets = frozenset[str]().union(*(owner.property_dependencies.get(key, frozenset()) for key in SUBNET_KEYS))
        self.inner.append(
            Resource(
                urn=made.urn,
                type=CONTROL_PLANE,
                name=urn_name(made.urn),
                parent=owner.urn,
                props=plain_value(inputs),
                depends_on=owner.depends_on,
                property_dependencies={"vpcConfig": subnets} if subnets else {},
                protect=owner.protect,
            )
        )

    def _outer(self, urns: Iterable[str]) -> frozenset[str]:
        """Replace what exists only inside a component made by a plug-in by that component."""
        return frozenset(self.owners.get(urn, urn) for urn in urns)
