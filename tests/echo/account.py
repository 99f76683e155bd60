"""An account and a cluster in memory: objects that come and go as the engine asks, with the limits that tests name."""

from __future__ import annotations

import copy
import itertools
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from infra.plan.answers import Answers
from tests.echo.journal import Journal, Operation, Verb

MADE_AT_UP = re.compile(r"\(([^()]*?),? ?made at up\)")
"""How `nightowl plan` writes what only AWS knows; each object made gets a number of its own instead."""


class RefusedError(Exception):
    """AWS or the cluster refuses; the message is what it would say."""


@dataclass(kw_only=True)
class Object:
    """Something that exists. `inputs` are what it was asked to be, `outputs` what it is."""

    id: str
    urn: str
    type: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Which operation fails: the `nth` of its verb on a type, if given, and on a name, if given."""

    verb: Verb
    type: str | None
    name: str | None
    nth: int
    message: str

    def concerns(self, operation: Operation) -> bool:
        return (
            operation.verb == self.verb
            and self.type in (None, operation.type, operation.kind)
            and self.name in (None, operation.name)
        )


Gate = Callable[[Operation], AbstractContextManager[None]]
"""Entered before an operation takes effect, and left after."""
Limit = Callable[["Account", Verb, Object], None]
"""Raises RefusedError for an object that cannot be made, changed or deleted beside the others."""


@dataclass(kw_only=True)
class Account:
    """One AWS account with one cluster, as `nightowl plan` imagines it.

    Objects are told apart by type and id, as AWS tells them: two with one id are one. `limits` are what the others of
    the account allow; `gate` orders the operations, which otherwise take no time.
    """

    answers: Answers
    limits: list[Limit] = field(default_factory=list)
    gate: Gate = field(default=lambda _: nullcontext())
    journal: Journal = field(default_factory=Journal)
    objects: dict[tuple[str, str], Object] = field(default_factory=dict)
    failures: dict[Failure, int] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    serial: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)
    clock: Callable[[], int] = field(default_factory=lambda: itertools.count().__next__)

    def all(self, kind: str) -> list[Object]:
        """What exists of a kind (`Subnet`) or a full type."""
        return [one for one in self.objects.values() if kind in (one.type, one.type.rpartition(":")[2])]

    def fail(
        self, verb: Verb, *, type: str | None = None, name: str | None = None, nth: int = 1, message: str = "no"
    ) -> None:
        """Let the nth such operation from now on fail, once."""
        failure = Failure(verb=verb, type=type, name=name, nth=nth, message=message)
        self.failures[failure] = nth

    def new_journal(self) -> Journal:
        """Begin a journal, and return it."""
        self.journal = Journal()
        return self.journal

    def planned(self, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The id and outputs that a resource would have."""
        # Names of Kubernetes objects are the program's; the answers know no difference between the two.
        return self.answers.resource(type_, name, inputs)

    def create(self, urn: str, type_: str, name: str, inputs: dict[str, Any]) -> Object:
        """Make an object. Raises RefusedError."""
        id_, outputs = self.planned(type_, name, inputs)
        number = self.serial()
        made = Object(
            id=numbered(own_id(type_, id_, inputs), number),
            urn=urn,
            type=type_,
            inputs=inputs,
            outputs=numbered(outputs, number),
        )

        def act() -> None:
            self._keep_to_limits("create", made)
            self.objects[type_, made.id] = made

        self._operate("create", urn, made.id, inputs, act)
        return made

    def update(self, urn: str, type_: str, id_: str, inputs: dict[str, Any]) -> Object:
        """Change an object in place. Raises RefusedError."""
        old = self._found(type_, id_)
        changed = copy.deepcopy(old)
        changed.inputs = inputs
        changed.outputs = updated_outputs(old, inputs)

        def act() -> None:
            self._keep_to_limits("update", changed)
            self.objects[type_, id_] = changed

        self._operate("update", urn, id_, inputs, act)
        return changed

    def read(self, urn: str, type_: str, id_: str) -> Object | None:
        """Look at an object; None where it is gone."""
        self._operate("read", urn, id_, {}, lambda: None)
        return self.objects.get((type_, id_))

    def delete(self, urn: str, type_: str, id_: str) -> None:
        """Delete an object; one that is gone already is no error. Raises RefusedError."""

        def act() -> None:
            found = self.objects.get((type_, id_))
            if found is not None:
                self._keep_to_limits("delete", found)
                del self.objects[type_, id_]

        self._operate("delete", urn, id_, {}, act)

    def _keep_to_limits(self, verb: Verb, one: Object) -> None:
        for limit in self.limits:
            limit(self, verb, one)

    def _found(self, type_: str, id_: str) -> Object:
        found = self.objects.get((type_, id_))
        if found is None:
            raise RefusedError(f"{type_} {id_} does not exist")
        return found

    def _operate(self, verb: Verb, urn: str, id_: str, inputs: Mapping[str, Any], act: Callable[[], None]) -> None:
        with self.lock:
            operation = Operation(verb=verb, urn=urn, id=id_, inputs=inputs, begun=self.clock())
            self.journal.operations.append(operation)
        try:
            with self.gate(operation), self.lock:
                self._fail_where_told(operation)
                act()
        except RefusedError as error:
            operation.error = str(error)
            raise
        finally:
            operation.ended = self.clock()

    def _fail_where_told(self, operation: Operation) -> None:
        for failure, left in list(self.failures.items()):
            if failure.concerns(operation):
                self.failures[failure] = left - 1
                if left == 1:
                    del self.failures[failure]
                    raise RefusedError(failure.message)


def numbered(value: Any, number: int) -> Any:
    """`value` with the object's number wherever it says `made at up`."""
    if isinstance(value, dict):
        return {key: numbered(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [numbered(item, number) for item in value]
    return (
        MADE_AT_UP.sub(lambda match: "-".join([*match[1].split(), f"{number:05}"]), value)
        if isinstance(value, str)
        else value
    )


IDS_OF_PARTS: Mapping[str, tuple[str, ...]] = {
    "aws:eks/accessEntry:AccessEntry": ("clusterName", "principalArn"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": ("clusterName", "principalArn", "policyArn"),
    "aws:eks/addon:Addon": ("clusterName", "addonName"),
    "aws:eks/nodeGroup:NodeGroup": ("clusterName", "nodeGroupName"),
    "aws:iam/rolePolicy:RolePolicy": ("role", "name"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role", "policyArn"),
    "aws:route53/record:Record": ("zoneId", "name", "type"),
}
"""Types whose id in the provider is made of inputs (import sections of the provider's documentation)."""


def own_id(type_: str, id_: str, inputs: Mapping[str, Any]) -> str:
    """The id as the provider makes it; of most types it is unique, of some it is made of inputs."""
    parts = [inputs.get(part) for part in IDS_OF_PARTS.get(type_, ())]
    if parts and all(parts):
        return ":".join(map(str, parts))
    return (
        id_ if type_.startswith("kubernetes:") or "made at up" in id_ or names_itself(type_) else f"{id_}-(made at up)"
    )


def names_itself(type_: str) -> bool:
    """Whether the name is the id in AWS, so that there can be one of it."""
    return type_ in {
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:eks/cluster:Cluster",
        "aws:iam/role:Role",
        "aws:kms/alias:Alias",
        "aws:s3/bucket:Bucket",
    }


def updated_outputs(old: Object, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What an object is after a change in place: new inputs, and the rest as it was."""
    kept = _beyond(old.outputs, old.inputs)
    if old.type == "aws:ec2/launchTemplate:LaunchTemplate":
        kept["latestVersion"] = kept["defaultVersion"] = int(kept["latestVersion"]) + 1
    return _together(kept, inputs)


def _beyond(outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What was added to the inputs, at any depth: the security group in the control plane's `vpcConfig`."""
    added = {key: value for key, value in outputs.items() if key not in inputs}
    both = {key: (value, inputs[key]) for key, value in outputs.items() if key in inputs}
    within = {key: _beyond(*pair) for key, pair in both.items() if all(isinstance(one, Mapping) for one in pair)}
    return {**added, **{key: value for key, value in within.items() if value}}


def _together(kept: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    nested = {
        key: _together(kept[key], value)
        for key, value in inputs.items()
        if isinstance(value, Mapping) and isinstance(kept.get(key), Mapping)
    }
    return {**kept, **inputs, **nested}
