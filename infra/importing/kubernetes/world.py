"""What the whole input says, to look up while one app is drafted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from infra.importing.draft import StackDraft
from infra.importing.findings import Ledger
from infra.importing.kubernetes.parts import Object, Part
from infra.importing.names import own_name
from infra.importing.source import Source
from infra.settings.partly import Location

LONG_RUNNING = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Pod")
TASKS = ("CronJob", "Job")
HOOK = "helm.sh/hook"
ARGO_HOOK = "argocd.argoproj.io/hook"
HOOKS_FIRST = {"pre-install", "pre-upgrade", "PreSync"}
HOOKS_BEFORE = HOOKS_FIRST | {"post-install", "post-upgrade", "PostSync"}
"""Of Helm and of Argo CD: when an object is made."""


@dataclass(kw_only=True)
class Workload:
    """An object that makes pods, and the app that it becomes."""

    object: Object
    app: str
    pod: Part
    """The template of its pods: metadata and spec."""
    services: list[Object] = field(default_factory=list[Object])
    """Those that select its pods."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of its pods."""
        return self.pod.at("metadata", "labels").labels()

    @property
    def spec(self) -> Part:
        """What its pods are."""
        return self.pod["spec"]

    @property
    def main(self) -> Part:
        """The container that the Service leads to, or the first."""
        containers = list(self.spec["containers"].items())
        targets = {port["targetPort"].text or port["port"].text for one in self.services for port in _ports(one)}
        for container in containers:
            served = {port[key].text for port in container["ports"].items() for key in ("name", "containerPort")}
            if served & targets:
                return container
        return containers[0] if containers else self.spec.at("containers", 0)

    def port_number(self, reference: Part) -> int | None:
        """Return a port of its containers, by number or by name."""
        if reference.number is not None:
            return reference.number
        for container in (*self.spec["containers"].items(), *self.spec["initContainers"].items()):
            for port in container["ports"].items():
                if port["name"].given and port["name"].text == reference.text:
                    return port["containerPort"].number
        return None


@dataclass(kw_only=True)
class World:
    """The objects, what they become, and where it is noted."""

    objects: Sequence[Object]
    source: Source
    draft: StackDraft
    ledger: Ledger
    workloads: list[Workload] = field(default_factory=list[Workload])
    hosts: dict[str, str] = field(default_factory=dict[str, str])
    """Names by which pods call each other, and what they are called here."""
    peers: dict[str, str] = field(default_factory=dict[str, str])
    """Names behind which single replicas answer, such as db in db-0.db, and what they are called here."""
    kept: list[Object] = field(default_factory=list[Object])
    """Objects that stay as they are."""
    lenders: dict[str, tuple[str, str]] = field(default_factory=dict[str, "tuple[str, str]"])
    """The app and its volume that has a claim of the input, by the claim."""
    used: set[Location] = field(default_factory=set[Location])
    """The places of ConfigMaps and claims that apps have taken."""

    def place(self, part: Part) -> str:
        """Return file and line of a value."""
        return self.source.place(part.place)

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        """List the objects of some kinds."""
        return (one for one in self.objects if one.kind in kinds)

    def find(self, kind: str, name: str, namespace: str) -> Object | None:
        """Return an object by its name: that of a namespace, or else the first one."""
        found = [one for one in self.of_kind(kind) if one.name == name]
        return next((one for one in found if one.namespace == namespace), next(iter(found), None))

    def workload_of(self, kind: str, name: str) -> Workload | None:
        """Return the workload of a name."""
        return next((one for one in self.workloads if (one.object.kind, one.object.name) == (kind, name)), None)

    def served_by(self, service: str) -> Workload | None:
        """Return the workload behind a Service."""
        return next((one for one in self.workloads if any(s.name == service for s in one.services)), None)

    def apps(self, *kinds: str) -> list[Workload]:
        """List the workloads that have become apps."""
        return [one for one in self.workloads if one.app in self.draft.apps and (not kinds or one.object.kind in kinds)]

    def renamed(self, text: str, *, is_host: bool = False) -> str:
        """Return a text with the names of Services as they are here, wherever one stands as a host."""
        namespaces = sorted({"default", *(one.namespace for one in self.objects if one.namespace)})
        suffix = rf"(?:\.(?:{'|'.join(map(re.escape, namespaces))}))(?:\.svc(?:\.cluster\.local)?)?(?![\w-])"
        for name, host in self.peers.items():
            text = re.sub(rf"((?:-\d+|[)}}])\.){re.escape(name)}(?:{suffix})?(?![\w-])", rf"\g<1>{host}", text)
        for name, host in self.hosts.items():
            word = rf"(?<![\w.-]){re.escape(name)}"
            text = re.sub(f"{word}{suffix}", host, text)
            if name != host:
                if "-" in name and text != name:
                    # Of several words, one of this form is hardly anything else.
                    text = re.sub(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])", host, text)
                text = re.sub(rf"(?:(?<=//)|(?<=@)){re.escape(name)}(?![\w.-])|{word}(?=:\d)", host, text)
                text = re.sub(rf"(?m)(?<==)([ \t]*){re.escape(name)}(?=[ \t]*$)", rf"\g<1>{host}", text)
                text = host if is_host and text == name else text
        return text


def find_workloads(world: World) -> None:
    """Name an app for each object that makes pods, and find the Services in front of it."""
    owners = {one.name for one in world.of_kind("Deployment")}
    for one in world.of_kind(*LONG_RUNNING, *TASKS):
        owned = one.part.at("metadata", "ownerReferences", 0, "name").text
        if owned in owners or "test" in one.annotations.get(HOOK, ""):
            continue
        pod = one.spec.at("jobTemplate", "spec", "template") if one.kind == "CronJob" else one.spec["template"]
        workload = Workload(object=one, app="", pod=one.part if one.kind == "Pod" else pod)
        selected = [service for service in world.of_kind("Service") if _selects(service, workload)]
        workload.services = selected if one.kind not in TASKS else []
        world.workloads.append(workload)
    names: set[str] = set()
    for workload in world.workloads:
        called = own_name(_called(workload))
        workload.app = own_name(workload.object.name if called in names else called, names)
        names.add(workload.app)
    for workload in world.workloads:
        for service in workload.services:
            if service.name in world.hosts:
                continue
            world.hosts[service.name] = workload.app
            if workload.object.kind == "StatefulSet":
                world.peers[service.name] = f"{workload.app}-peers"


def _called(workload: Workload) -> str:
    """Return the name by which others call it, which is that of a Service."""
    names = [one.name for one in workload.services if one.spec["clusterIP"].text != "None"]
    if workload.object.kind == "StatefulSet" and len(workload.services) > 1:
        return workload.object.name
    names = names or [one.name for one in workload.services]
    return workload.object.name if workload.object.name in names or not names else names[0]


def _selects(service: Object, workload: Workload) -> bool:
    selector = service.spec["selector"].labels()
    same = service.namespace in {workload.object.namespace, ""} or not workload.object.namespace
    return bool(selector) and same and selector.items() <= workload.labels.items()


def _ports(service: Object) -> Iterator[Part]:
    return service.spec["ports"].items()
