"""Replicas: a number, or an autoscaler, and how many of them may be gone."""

from __future__ import annotations

import math
from typing import Any

from infra.importing.app_parts import has_one_writer
from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.parts import Object, Part
from infra.settings.app.scaling import LONGEST_STABILIZATION_SECONDS, MOST_REPLICAS
from infra.settings.scalars import seconds_text

_REMOVE = "the input names none, which is one; remove 'replicas' for 3 to 10 by load"


def draft_replicas(app: App) -> None:
    """Draft the number of replicas, or the bounds of an autoscaler."""
    workload, replicas = app.workload, app.workload.object.spec["replicas"]
    scalers = [
        one for one in app.world.of_kind("HorizontalPodAutoscaler", "ScaledObject") if _is_of(one, workload.object)
    ]
    if scalers and app.said["kind"] != "stateful":
        app.took(replicas, "scaling", why="the autoscaler moves the number")
        _scaling(app, scalers[0])
        return
    number = min(replicas.number if replicas.number is not None else 1, MOST_REPLICAS)
    for scaler in scalers:
        number = max(number, scaler.spec["minReplicas"].number or 1)
        app.took(scaler.spec, "replicas", why="members of a stateful app are counted; write 'replicas'")
    if number > 1 and app.said["kind"] != "stateful" and has_one_writer(app.said):
        app.took(replicas, "replicas", why="its volume has one writer; give the volume shared: true for more")
        number = 1
    app.said["replicas"] = number
    if replicas.given:
        app.took(replicas, "replicas")
    else:
        app.world.ledger.decided(workload.object.part["kind"].place, *app.place, "replicas", why=_REMOVE)


def _is_of(scaler: Object, target: Object) -> bool:
    reference = scaler.spec["scaleTargetRef"]
    return reference["name"].text == target.name and reference["kind"].text in {target.kind, ""}


def _scaling(app: App, scaler: Object) -> None:
    spec, external = scaler.spec, scaler.kind == "ScaledObject"
    low, high = spec["minReplicas"], spec["maxReplicas"]
    if external:
        low, high = spec["minReplicaCount"], spec["maxReplicaCount"]
    least = min(max(low.number if low.number is not None else 1, 1), MOST_REPLICAS)
    most = min(max(high.number if high.number is not None else 100 if external else least, least), MOST_REPLICAS)
    app.said["scaling"] = {"min": least, "max": most}
    app.took(low, "scaling", "min")
    app.took(high, "scaling", "max")
    app.took(spec["scaleTargetRef"], "scaling")
    if has_one_writer(app.said):
        app.said.pop("scaling")
        app.said["replicas"] = 1
        app.took(spec, "replicas", why="its volume has one writer; give the volume shared: true for 'scaling'")
        return
    if external or not _targets(app, scaler):
        app.said["scaling"] = {"min": least, "max": most, "external": True}
        app.world.kept.append(scaler)
        return
    _behavior(app, spec["behavior"])


def _targets(app: App, scaler: Object) -> bool:
    """Draft the targets; tell whether there is one that a stack file can say."""
    targets: dict[str, Any] = {}
    old = scaler.spec["targetCPUUtilizationPercentage"]
    if old.number:
        targets["cpu"] = f"{min(old.number, 100)}%"
        app.took(old, "scaling", "cpu")
    for metric in scaler.spec["metrics"].items():
        resource = metric["resource"]
        name, target = resource["name"].text, resource["target"]
        share = target["averageUtilization"] if target.given else resource["targetAverageUtilization"]
        if name in {"cpu", "memory"} and share.number:
            why = "100% of the request is the most; raise the request for more" if share.number > 100 else ""
            targets[name] = f"{min(share.number, 100)}%"
            app.took(metric, "scaling", name, why=why)
        else:
            what = (
                "CPU and memory in percent of the request are what 'scaling' knows; KEDA and the like scale by others"
            )
            app.missing(metric, what)
    has_none = not scaler.spec["metrics"].given and not targets
    if has_none:
        targets["cpu"] = "80%"
        app.took(scaler.spec["maxReplicas"], "scaling", "cpu", why="80% is what Kubernetes takes without a metric")
    if targets and "cpu" not in targets:
        targets = {"cpu": None, **targets}
    app.said["scaling"] |= targets
    return bool(targets)


def _behavior(app: App, behavior: Part) -> None:
    for key, to in (("scaleUp", "growAfter"), ("scaleDown", "shrinkAfter")):
        window = behavior[key]["stabilizationWindowSeconds"]
        usual = 0 if key == "scaleUp" else 300
        app.took(window, "scaling", to)
        if window.number is not None and window.number != usual:
            seconds = min(window.number, LONGEST_STABILIZATION_SECONDS)
            app.said["scaling"][to] = seconds_text(seconds)
    for policy in behavior.at("scaleUp", "policies").items():
        if policy["type"].text == "Percent" and policy["periodSeconds"].number == 15:
            percent = policy["value"].number or 100
            if percent < 100:
                app.said["scaling"]["growBy"] = f"{max(percent, 1)}%"
            app.took(policy, "scaling", "growBy", why="" if percent <= 100 else "all at once is the default")
        else:
            app.missing(policy, "write how many may come within 15 seconds as 'scaling.growBy', in percent")


def draft_availability(app: App) -> None:
    """Draft how many replicas a drain may take."""
    replicas = app.said.get("replicas") or app.said.get("scaling", {}).get("min", 3)
    for budget in app.world.of_kind("PodDisruptionBudget"):
        selector = budget.spec.at("selector", "matchLabels")
        if not selector.labels() or not selector.labels().items() <= app.workload.labels.items():
            continue
        app.took(selector, "availability", "maxUnavailable")
        for key in ("maxUnavailable", "minAvailable"):
            part = budget.spec[key]
            if not part.given:
                continue
            given = part.text.removesuffix("%")
            if not given.isdigit():
                app.missing(part, "it is neither a number nor a percentage; leave it out")
                continue
            share = int(given) if part.text.endswith("%") else math.ceil(100 * int(given) / max(replicas, 1))
            gone = share if key == "maxUnavailable" else 100 - min(share, 100)
            if gone < 1:
                app.took(part, "availability", "maxUnavailable", why="one may always go, as a drain would never end")
            else:
                app.put(part, f"{min(gone, 100)}%", "availability", "maxUnavailable")
