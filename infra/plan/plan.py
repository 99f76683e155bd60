"""A plan: the graph of a stack, and all that is read off it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.extension import load_extension
from infra.plan.access import Access, pod_access
from infra.plan.addresses import Address, addresses
from infra.plan.answers import EXAMPLE_ACCOUNT, EXAMPLE_REGION, Answers
from infra.plan.apps import AppPlan, app_plans
from infra.plan.architecture import architecture
from infra.plan.builds import Builds, builds_of_stack
from infra.plan.capture import capture
from infra.plan.document_lengths import DocumentLength, document_lengths
from infra.plan.graph import Graph
from infra.plan.helm import helm
from infra.plan.host_stack import host_outputs
from infra.plan.permissions import PolicyStatement, statements
from infra.plan.picture import picture
from infra.plan.policies import evaluation, policies_folder
from infra.plan.schedule import Schedule, ScheduledResource, schedule, serving
from infra.plan.svg import Drawing
from infra.project import enclosing_project, project_name
from infra.settings.build import PROJECT
from infra.settings.guest import AwsPlatformSettings
from infra.settings.layers import Layers
from infra.settings.stack_file import read_stack_file
from infra.stack import build
from policies.evaluation import Evaluation
from policies.levels import SHIPPED

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `pulumi up` of one stack would make."""

    graph: Graph
    access: Sequence[Access] = ()
    """What pods may do on AWS."""
    builds: Builds | None = None
    """Where images come from."""
    policies_folder: Path = SHIPPED
    """The folder with the levels of the policies, and the exceptions."""
    layers: Layers | None = None
    """The files of the stack, which say where its keys stand."""

    @cached_property
    def schedule(self) -> Schedule:
        """When each resource starts and ends."""
        return schedule(self.graph)

    @cached_property
    def serving_seconds(self) -> float:
        """When the last app serves."""
        return self.schedule.end_of(serving(self.graph))

    @cached_property
    def slowest_chain(self) -> Sequence[ScheduledResource]:
        """What the last app to serve waits for, link by link."""
        return self.schedule.chain(serving(self.graph))

    @cached_property
    def apps(self) -> Sequence[AppPlan]:
        """The apps."""
        return app_plans(self.graph)

    @cached_property
    def addresses(self) -> Sequence[Address]:
        """Where they answer."""
        return addresses(self.graph)

    @cached_property
    def picture(self) -> Drawing:
        """Its architecture."""
        return picture(architecture(self.graph), self.apps, self.addresses)

    @cached_property
    def statements(self) -> Sequence[PolicyStatement]:
        """Who may do what."""
        return statements(self.graph)

    @cached_property
    def document_lengths(self) -> Sequence[DocumentLength]:
        """How long its policies are, the fullest first."""
        return document_lengths(self.graph)

    @cached_property
    def policies(self) -> Evaluation:
        """What the policy pack has against it."""
        return evaluation(self.graph, self.policies_folder, layers=self.layers)


def plan_of_file(file: Path, stack: str) -> Plan:
    """Plan the stack of a stack file, with the own code of the project whose stack file it is.

    Raises:
        SettingsError: the file's settings are not usable.
        ProgramError: the program refuses them.
    """
    stack_file = read_stack_file(file)
    settings = stack_file.settings()

    platform, access = settings.platform, settings.cluster.access
    on_aws = isinstance(platform, AwsPlatformSettings)
    role = next((arn.rpartition("/")[2] for arn in (*access.deployers, *access.admins)), "plan")
    folder = enclosing_project(file.resolve().parent)
    extension = load_extension(folder)
    # A stack file that lies in no project is planned under the name of this one.
    project = PROJECT if folder is None else project_name(folder)

    def program() -> Mapping[str, Any]:
        # The program refuses a shell that is set to another region; a plan deploys nothing, and needs no shell.
        return build(settings, environment={}, project=folder, extension=extension)

    with helm() as template:
        answers = Answers(
            stack=stack,
            project=project,
            account_id=platform.account_id if on_aws else EXAMPLE_ACCOUNT,
            region=platform.region if on_aws else EXAMPLE_REGION,
            role=role,
            others=host_outputs(settings, project=project, role=role),
            template=template,
        )
        with stack_file.layers.locating():
            planned = plan_of_program(program, answers)
    layers, builds = stack_file.layers, builds_of_stack(settings, stack, folder)
    return replace(
        planned,
        graph=replace(planned.graph, warnings=tuple(_placed(line, layers) for line in planned.graph.warnings)),
        access=[replace(one, doubts=layers.placed(one.doubts)) for one in pod_access(settings)],
        builds=builds and replace(builds, doubts=layers.placed(builds.doubts)),
        policies_folder=policies_folder(folder),
        layers=layers,
    )


def _placed(warning: str, layers: Layers) -> str:
    """Return a warning of the program, which begins with a key, with the file and the line of that key."""
    key = re.match(rf"{PROJECT}:[^\s:]+", warning)
    return f"{layers.place_of(key[0])}: {warning}" if key else warning


def plan_of_program(program: Callable[[], Mapping[str, Any]], answers: Answers) -> Plan:
    """Plan what `program`, which returns what it exports, makes where the cloud gives `answers`."""
    started = time.monotonic()
    graph = capture(program, answers)
    seconds = time.monotonic() - started
    LOG.debug("the program of %s registered %d resources in %.1f s", graph.stack, len(graph.resources), seconds)
    return Plan(graph=graph)
