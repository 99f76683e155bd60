"""Who the containers are, where they run, and how they are replaced."""

from __future__ import annotations

import math

from infra.importing.app_parts import has_one_writer, image_security
from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.parts import Part
from infra.settings.app.security import CAPABILITIES_OF_BASELINE, CAPABILITIES_OF_RESTRICTED
from infra.settings.scalars import seconds_text
from infra.usual_images import usual_user

_ZONE = "topology.kubernetes.io/zone"
_LEFT_OUT = "no Pod Security Standard that a namespace enforces here allows it; it is left out"
_OF_THE_NODE = ("hostNetwork", "hostPID", "hostIPC", "hostUsers")
_OS = ("kubernetes.io/os", "beta.kubernetes.io/os")


def draft_security(app: App, container: Part) -> None:
    """Draft user, group and rights: what the container says goes before what its pod says."""
    of_pod, own = app.workload.spec["securityContext"], container["securityContext"]
    user = own["runAsUser"] if own["runAsUser"].given else of_pod["runAsUser"]
    group = own["runAsGroup"] if own["runAsGroup"].given else of_pod["runAsGroup"]
    if not group.given:
        group = of_pod["fsGroup"]
    must_be_named = own["runAsNonRoot"].value is True or of_pod["runAsNonRoot"].value is True
    security = app.section("security")
    if user.number is not None:
        security["user"] = user.number
        security["group"] = group.number if group.number is not None else user.number
        if user.number == 0:
            security["level"] = "baseline"
    elif must_be_named and usual_user(container["image"].text) is None:
        image = container["image"]
        app.took(image, "security", why="its image names a user that is not root; `nightowl image` tells which")
    else:
        decided = image_security(container["image"].text)
        security |= decided.value
        app.took(container["image"], "security", why=decided.why)
    if own["readOnlyRootFilesystem"].value is not True:
        security["readOnlyRoot"] = False
    else:
        security.pop("readOnlyRoot", None)
    app.took(own["readOnlyRootFilesystem"], "security", "readOnlyRoot")
    _capabilities(app, own, security)
    for context in (of_pod, own):
        for key, to in {"runAsUser": "user", "runAsGroup": "group", "fsGroup": "group", "runAsNonRoot": "user"}.items():
            app.took(context[key], "security", to)
        _rest(app, context)
    if not security:
        app.said.pop("security")


def _capabilities(app: App, own: Part, security: dict[str, object]) -> None:
    added = own.at("capabilities", "add")
    names = [one.text.upper().removeprefix("CAP_") for one in added.items()]
    kept = [name for name in dict.fromkeys(names) if name in CAPABILITIES_OF_BASELINE]
    app.took(own.at("capabilities", "drop"), "security", "capabilities")
    for part, name in zip(added.items(), names, strict=True):
        if name in kept:
            app.took(part, "security", "capabilities")
        else:
            app.dangerous(part, f"{name} is a right over the node; {_LEFT_OUT}")
    if kept:
        security["capabilities"] = kept
        if set(kept) - set(CAPABILITIES_OF_RESTRICTED):
            security["level"] = "baseline"


def _rest(app: App, context: Part) -> None:
    if context["privileged"].value is True:
        app.dangerous(context["privileged"], f"a privileged container is root on its node; {_LEFT_OUT}")
    else:
        app.took(context["privileged"], "security")
    if context["allowPrivilegeEscalation"].value is True:
        app.took(
            context["allowPrivilegeEscalation"], "security", why="no process gains rights that its parent did not have"
        )
    else:
        app.took(context["allowPrivilegeEscalation"], "security")
    profile = context.at("seccompProfile", "type")
    if profile.text == "RuntimeDefault":
        app.took(context["seccompProfile"], "security")
    else:
        app.missing(context["seccompProfile"], "there is no key: RuntimeDefault is the profile of all")


def draft_pod(app: App) -> None:
    """Draft what holds for a whole pod besides its containers."""
    spec = app.workload.spec
    pull = [one["name"].text for one in spec["imagePullSecrets"].items() if one["name"].text]
    if pull:
        app.put(spec["imagePullSecrets"], list(dict.fromkeys(pull)), "pullSecrets")
    for key in _OF_THE_NODE:
        if spec[key].value is True and key != "hostUsers":
            app.dangerous(spec[key], f"the pod would see its node; {_LEFT_OUT}")
        else:
            app.took(spec[key], "security")
    priority = spec["priorityClassName"]
    if priority.given:
        level = "high" if any(word in priority.text for word in ("high", "critical")) else "normal"
        level = "low" if "low" in priority.text else level
        if level != "normal":
            app.section("availability")["priority"] = level
        why = f"{priority.text} is nearest to {level}; high, normal and low are the classes here"
        app.took(priority, "availability", "priority", why=why)
    _labels(app)
    _placement(app, spec)
    _spread(app, spec)


def _labels(app: App) -> None:
    selector = app.workload.object.spec["selector"]
    selected = {**selector.labels(), **selector["matchLabels"].labels()}
    services = [one.spec["selector"].labels() for one in app.workload.services]
    noise = (
        "app",
        "name",
        "k8s-app",
        "tier",
        "release",
        "heritage",
        "chart",
        "helm.sh/",
        "app.kubernetes.io/",
        "controller",
    )
    for key, part in app.workload.pod.at("metadata", "labels").entries():
        is_selector = key in selected or any(key in one for one in services)
        if is_selector or key.startswith(noise) or key == "pod-template-hash":
            app.took(part)
        else:
            app.put(part, part.text, "labels", key)
    for key, part in app.workload.pod.at("metadata", "annotations").entries():
        if key.startswith(("checksum/", "kubectl.kubernetes.io/", "helm.sh/", "rollme")):
            app.took(part, why="pods are replaced when what they are told changes")
        else:
            app.put(part, part.text, "annotations", key)


def _placement(app: App, spec: Part) -> None:
    for key, part in spec["nodeSelector"].entries():
        _node_label(app, part, key, part.text)
    affinity = spec["affinity"]
    required = affinity.at("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    terms = list(required.items())
    for term in terms:
        for expression in term["matchExpressions"].items():
            values = [one.text for one in expression["values"].items()]
            if len(terms) == 1 and expression["operator"].text == "In" and len(values) == 1:
                _node_label(app, expression, expression["key"].text, values[0])
            else:
                app.missing(expression, "one label with one value is what 'placement.labels' says; label your nodes so")
    if affinity["podAntiAffinity"].given:
        app.took(
            affinity["podAntiAffinity"], "availability", why="pods of an app are spread over zones and nodes by default"
        )
    for toleration in spec["tolerations"].items():
        _toleration(app, toleration)


def _toleration(app: App, toleration: Part) -> None:
    key = toleration["key"].text
    if not key:
        app.missing(toleration, "write the keys of the taints as 'placement.tolerate'")
    elif key.startswith("node.kubernetes.io/"):
        seconds = toleration["tolerationSeconds"].number
        if seconds is not None and key.endswith(("not-ready", "unreachable")):
            app.put(toleration, seconds_text(min(seconds, 3600)), "availability", "evictAfter")
        else:
            app.missing(toleration, "write how long a pod stays on a node that is lost as 'availability.evictAfter'")
    else:
        tolerated = app.section("placement").setdefault("tolerate", [])
        if key not in tolerated:
            tolerated.append(key)
        app.took(toleration, "placement", "tolerate")


def _node_label(app: App, part: Part, key: str, value: str) -> None:
    if key in _OS and value == "linux":
        app.took(part, "placement", "labels")
    else:
        app.put(part, value, "placement", "labels", key)


def _spread(app: App, spec: Part) -> None:
    for constraint in spec["topologySpreadConstraints"].items():
        key = constraint["topologyKey"].text
        if key == _ZONE and app.workload.object.kind not in {"CronJob", "Job"}:
            if constraint["whenUnsatisfiable"].text == "ScheduleAnyway":
                app.section("availability")["zones"] = "prefer"
            app.took(constraint, "availability", "zones")
        else:
            app.took(constraint, "availability", why="pods of an app are spread over zones and nodes by default")


def draft_rollout(app: App) -> None:
    """Draft how the pods are replaced."""
    spec = app.workload.object.spec
    strategy = spec["strategy"] if spec["strategy"].given else spec["updateStrategy"]
    replicas = app.said.get("replicas")
    kind = strategy["type"]
    app.took(kind, "rollout", "strategy")
    if kind.text == "Recreate":
        if replicas in {0, 1}:
            if not any(one.get("kind") == "persistent" for one in app.said.get("volumes", {}).values()):
                app.section("rollout")["strategy"] = "replace"
        else:
            app.took(kind, "rollout", "strategy", why="several replicas are replaced step by step; replace is for one")
    elif kind.text == "OnDelete":
        app.took(kind, "rollout", "strategy", why="an update replaces the pods, one after the other")
    rolling = strategy["rollingUpdate"]
    _surge(app, rolling["maxSurge"], replicas or 3)
    partition = rolling["partition"]
    if partition.given:
        app.took(partition, "partition")
        if partition.number and app.said["kind"] == "stateful" and partition.number <= app.said.get("replicas", 1):
            app.said["partition"] = partition.number
    unavailable = rolling["maxUnavailable"]
    if unavailable.given:
        app.took(unavailable, "rollout", why="no pod goes before another serves")
    deadline = spec["progressDeadlineSeconds"]
    app.took(deadline, "rollout", "deadline")
    if deadline.number and deadline.number > 600:
        app.section("rollout")["deadline"] = seconds_text(min(deadline.number, 7200))
    elif deadline.number and deadline.number < 600:
        app.took(deadline, "rollout", "deadline", why="10m, the default, has room for the longest start")


def _surge(app: App, surge: Part, replicas: int) -> None:
    if not surge.given:
        return
    percent = surge.text.removesuffix("%") if surge.text.endswith("%") else ""
    number = int(percent) if percent.isdigit() else math.ceil(100 * (surge.number or 0) / max(replicas, 1))
    is_replaced = app.said.get("rollout", {}).get("strategy") == "replace"
    if app.said["kind"] == "stateful" or is_replaced or has_one_writer(app.said):
        app.took(surge, "rollout", why="a pod of it is replaced when the one before is gone")
    elif math.ceil(replicas * number / 100) == math.ceil(replicas * 25 / 100):
        app.took(surge, "rollout", "surge")
    else:
        app.put(surge, f"{min(number, 100)}%", "rollout", "surge")
