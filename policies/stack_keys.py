"""What a violation says where Nightowl made the resource: the key of the stack file, and what to write there.

Rules know resources only, whoever wrote the program. Whoever wrote a stack file knows none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from infra.urns import urn_name, urn_type
from infra.values import mapping, mappings, text, texts, words
from policies.facts.objects import STATEFUL_SET, annotation
from policies.facts.pods import DECIDED_BY, FEWEST_REPLICAS, label, pod_spec
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import UnknownFactError
from policies.families.cluster import LOG_DAYS, MOST_ADMINISTRATORS
from policies.families.kubernetes_storage import CLAIM
from policies.families.nodes import FEWEST_SPOT_TYPES, FEWEST_SYSTEM_NODES
from policies.families.scaling import HIGHEST_CPU_PERCENT
from policies.levels import Level, Levels
from policies.rule import Rule

NAMESPACE = "nightowl"
"""What comes before each key of a stack file."""
OF_AN_APP = ("nightowl:apps:App", "nightowl:eks:AppRoute", "nightowl:eks:AppSecrets")
"""The components that have the name of their app."""
OF_A_CHART, NAMESPACES_OF_CHARTS = "nightowl:charts:Chart", "nightowl:charts:Namespaces"
"""The component that has the name of a chart, and that of their namespaces."""
STOPS_A_CHART = frozenset(
    words(
        "no-binding-for-everybody no-masters-binding no-plain-secret-variable no-secret-in-config-map "
        "no-secret-on-command-line"
    )
)
"""Rules that stop a chart too. Of all others it is only told: whoever installs it did not write it, and decides by its
values alone."""
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
OF_A_POOL = ("nightowl:eks:NodePool",)
OF_PODS = ("nightowl:eks:PodIdentity",)
PERMITTED: Mapping[str, str] = {"app": "apps", "chart": "charts"}
"""Sections whose entries may have `permissions`, by the beginning of their roles' names: `app-web` is of `apps.web`."""


@dataclass(frozen=True)
class Advice:
    """Which key of the stack file a rule is about, and what to write there."""

    key: str
    """Below the namespace, with names in braces that are found from the resource."""
    remedy: str
    """What to write there, with such names too."""
    reason: str = ""
    """Instead of the rule's own, where that speaks of what no stack file has."""


_POOL_TYPES = "Name more types with the same processors and memory"
_NO_DATABASE = "Where several pods may write the same files at once, which those of a database may not,"
_NOT_ROOT = "Write another number than 0, that of a user by whom the image can run."

ADVICE: Mapping[str, Advice] = {
    "enough-replicas": Advice(
        "apps.{app}.replicas",
        f"{{replicated}} {FEWEST_REPLICAS} or more{{unless_scaled}}. One pod is right where only one may run.",
    ),
    "hpa-minimum": Advice(
        "apps.{app}.scaling.min", f"Write {FEWEST_REPLICAS} or more, and 3 where three zones serve, or leave it out."
    ),
    "hpa-room": Advice("apps.{app}.scaling.max", "Write more than 'min', as much as the peak needs."),
    "hpa-spare-zone": Advice("apps.{app}.scaling.cpu", f"Write {HIGHEST_CPU_PERCENT} or less, or leave it out."),
    "hpa-prompt-scale-up": Advice(
        "apps.{app}.scaling.growAfter", "Write 60s or less, or leave it out, if its load may not wait for more pods."
    ),
    "hpa-patient-scale-down": Advice("apps.{app}.scaling.shrinkAfter", "Write 5m or more, or leave it out."),
    "image-by-digest": Advice("apps.{app}.{container}image", "Write name:tag@sha256:digest."),
    "image-names-its-registry": Advice(
        "apps.{app}.{container}image", "Write the registry's host in front: docker.io/library/nginx:1.29."
    ),
    "memory-request-is-limit": Advice(
        "apps.{app}.{resources}memoryLimit", "Leave it out, and write as 'memory' what the container needs at its peak."
    ),
    "no-cpu-limit": Advice(
        "apps.{app}.{resources}cpuLimit", "Leave it out: the request, 'cpu', already guarantees a share."
    ),
    "liveness-patience": Advice("apps.{app}.{container}health.liveness.failures", "Write 3 or more, or leave it out."),
    "probes-differ": Advice(
        "apps.{app}.{container}health.liveness",
        "Ask something else than readiness does, or write more 'failures' than it has.",
    ),
    "readiness-probe": Advice("apps.{app}.{container}health.readiness", "Say how a pod is asked whether it can serve."),
    "liveness-probe": Advice("apps.{app}.{container}health.liveness", "Say how a pod is asked whether it lives."),
    "target-group-notices-a-dead-pod": Advice(
        "apps.{app}.health.readiness", "Ask more often, and give up after fewer 'failures'."
    ),
    "node-loss-toleration": Advice("apps.{app}.availability.evictAfter", "Write 60s or less, or leave it out."),
    "spread-over-zones": Advice("apps.{app}.availability.zones", "Leave it out, so that the spread is required."),
    "no-ingress-from-the-world": Advice("{opened}", "Name the networks that may call it."),
    "policy-allows-no-star": Advice("{permitted}", "Name the actions, and the resources."),
    "policy-allows-no-whole-service": Advice("{permitted}", "Name the actions that are needed."),
    "policy-escalates-nowhere": Advice("{permitted}", "Name under 'resources' the roles that may be taken."),
    "policy-reads-named-data": Advice(
        "{permitted}",
        "Name under 'resources' the buckets, tables, secrets or parameters, or use the short form of the service.",
    ),
    "policy-decrypts-with-named-keys": Advice(
        "{permitted}", "Name the key under 'resources', or write it as 'kmsKey' beside what it encrypts."
    ),
    "policy-constrains-writes": Advice(
        "{permitted}", "Name under 'resources' what may be changed, or write 'conditions'."
    ),
    "no-administrator-is-attached": Advice(
        "{permitted}", "Write 'actions' and 'resources' instead of this 'policy', or a narrower one."
    ),
    "no-secret-variable": Advice(
        "apps.{app}.secrets", "Leave 'env' out, and let the app read the file /run/secrets/<name>."
    ),
    "pod-adds-no-capability": Advice(
        "apps.{app}.security.capabilities", "Leave it out; only NET_BIND_SERVICE may stay."
    ),
    "pod-high-user-id": Advice(
        "apps.{app}.security.user", "Write 10000 or more, or leave it out, if the image runs as any user."
    ),
    "pod-non-root": Advice("apps.{app}.security.user", _NOT_ROOT),
    "pod-no-user-zero": Advice("apps.{app}.security.user", _NOT_ROOT),
    "pod-read-only-root": Advice(
        "apps.{app}.security.readOnlyRoot", "Leave it out, and name under 'writable' the folders that the image writes."
    ),
    "namespace-enforces-pod-security": Advice(
        "{decided}", "Leave it out: the namespace enforces the weakest level that one of its apps asks for."
    ),
    "pre-stop-pause": Advice("apps.{app}.rollout.drain", "Leave it out, or write 5s or more."),
    "pause-covers-load-balancer": Advice("apps.{app}.rollout.drain", "Leave it out, or write 60s."),
    "rolling-update": Advice("apps.{app}.{replaced}", "{several}. Where only one pod may run, that is the price."),
    "rollout-surge": Advice("apps.{app}.rollout.surge", "Leave it out, or write 25%."),
    "rollout-keeps-capacity": Advice("apps.{app}.rollout.surge", "Leave it out, or write 25%."),
    "claim-has-a-class": Advice(
        "apps.{app}.volumes.{volume}.storageClass",
        "Name a class of the cluster (kubectl get storageclass), unless one of them is the default.",
        reason="Without a class here and a default one in the cluster, the volume and its pod wait for ever.",
    ),
    "ingress-tls": Advice(
        "platform.ingress.clusterIssuer", "Name a ClusterIssuer of cert-manager, and a host for the app's 'traffic'."
    ),
    "namespace-keeps-network-policies": Advice(
        "namespace.networkPolicies", "Leave it out, and name under 'allowTo' and 'allowFrom' who talks to whom."
    ),
    "cluster-administrators-are-few": Advice(
        "cluster.access.admins", f"Keep {MOST_ADMINISTRATORS} roles at most, with those of deployers and breakGlass."
    ),
    "cluster-endpoint-is-not-open-to-the-world": Advice(
        "cluster.publicAccess", "Name the networks of those who deploy, or leave it out and deploy inside the VPC."
    ),
    "cluster-endpoint-is-private-only": Advice("cluster.publicAccess", "Leave it out, and deploy inside the VPC."),
    "cluster-has-system-nodes": Advice(
        "nodePools", f"Give the pools with 'system: true' a 'min' of {FEWEST_SYSTEM_NODES} or more together."
    ),
    "cluster-log-is-kept-a-year": Advice("cluster.logRetentionDays", f"Write {LOG_DAYS} or more, or leave it out."),
    "cluster-refuses-deletion": Advice("cluster.deletionProtection", "Leave it out until the cluster is to go."),
    "cluster-shifts-away-from-a-zone": Advice("cluster.zonalShift", "Leave it out."),
    "nat-gateway-is-in-the-same-zone": Advice("network.nat", "Write perZone, or leave it out."),
    "nodes-span-three-zones": Advice("network.zones", "Write 3. It is chosen for good: a new cluster takes it only."),
    "ecr-endpoint-is-limited": Advice(
        "network.interfaceEndpoints", "Leave out ecr.api and ecr.dkr where pods must not reach other registries of AWS."
    ),
    "node-group-has-alternatives": Advice("nodePools.{pool}.instanceTypes", f"{_POOL_TYPES}: two or more."),
    "spot-group-has-alternatives": Advice(
        "nodePools.{pool}.instanceTypes", f"{_POOL_TYPES}: {FEWEST_SPOT_TYPES} or more."
    ),
    "bucket-is-not-emptied": Advice("platform.protect", "Leave it out until the stack is to go."),
    "load-balancer-refuses-deletion": Advice("platform.protect", "Leave it out until the stack is to go."),
    "what-cannot-be-remade-is-protected": Advice("platform.protect", "Leave it out until the stack is to go."),
    "listener-redirects-to-https": Advice(
        "loadBalancer.domain", "Name a public Route 53 zone of the account, in which the hosts of the apps lie."
    ),
    "public-load-balancer-has-firewall": Advice("loadBalancer.waf", "Write true."),
    "security-group-opens-only-web-ports": Advice(
        "loadBalancer.allowFrom", "Name the networks whose requests are accepted, or write 'public: false'."
    ),
    "security-group-opens-no-admin-port": Advice(
        "loadBalancer.allowFrom", "Name the networks whose requests are accepted, or write 'public: false'."
    ),
}
"""By rule: all that some stack file can violate."""


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """One violation, as the places of its key are found from it."""

    resource: Resource
    stack: Stack
    message: str

    @property
    def owner(self) -> str:
        """The name of the component that made the resource."""
        return urn_name(self.resource.parent)


def advice(rule: Rule, resource: Resource, stack: Stack, message: str) -> Advice | None:
    """Return the advice about a violation, with the key in full; None where no stack file made the resource."""
    if is_of_chart(resource):
        return _advice_of_chart(resource, message)
    found = ADVICE.get(rule.name)
    if found is None or not _is_own(resource):
        return None
    places = _names(found.key)
    if not all(_fits(name, resource) for name in places):
        return None
    finding = _Finding(resource=resource, stack=stack, message=message)
    key = found.key.format(**{name: _place(name, finding) for name in places}).rstrip(".")
    full = key if key.startswith(f"{NAMESPACE}:") else f"{NAMESPACE}:{key}"
    remedy = found.remedy.format(**{name: _place(name, finding) for name in _names(found.remedy)})
    return Advice(full, remedy, found.reason or rule.protects_from)


def _names(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def is_of_chart(resource: Resource) -> bool:
    """Whether the resource is a chart's object, or the namespace of one."""
    return urn_type(resource.parent) in {OF_A_CHART, NAMESPACES_OF_CHARTS}


def _advice_of_chart(resource: Resource, message: str) -> Advice:
    reason, accept = f"{resource.label} {message}", "or accept it in policies/exceptions.yaml."
    if urn_type(resource.parent) == OF_A_CHART:
        key = f"{NAMESPACE}:charts.{urn_name(resource.parent)}"
        return Advice(key, f"Set it by the chart's 'values', {accept}", reason)
    return Advice(f"{NAMESPACE}:charts", f"Add what it lacks as files under 'manifests', {accept}", reason)


def level_of(rule: Rule, resource: Resource, levels: Levels) -> Level:
    """Return what a violation does: of a chart's objects most are only told."""
    level = levels.of(rule)
    told = is_of_chart(resource) and rule.name not in STOPS_A_CHART
    return Level.ADVISORY if told and level is Level.MANDATORY else level


def _place(name: str, finding: _Finding) -> str:
    try:
        return _PLACES[name](finding)
    except UnknownFactError:
        return ""


def _is_own(resource: Resource) -> bool:
    return any(f"::{NAMESPACE}:" in urn for urn in (resource.urn, resource.parent))


def _fits(place: str, resource: Resource) -> bool:
    """Whether the resource belongs to an app, a pool or a role of pods, where the key has the name of one."""
    if place == "permitted" and urn_name(resource.parent).partition("-")[0] not in PERMITTED:
        return False
    owners = {"app": OF_AN_APP, "opened": OF_AN_APP, "pool": OF_A_POOL, "permitted": OF_PODS}.get(place)
    return owners is None or urn_type(resource.parent) in owners


def _container(finding: _Finding) -> str:
    """Find the section of the container that a message begins with; the app's own has none."""
    pod = pod_spec(finding.resource)
    for container in mappings(pod, "initContainers"):
        if f"{finding.message} ".startswith(f"{label(container)} "):
            section = "sidecars" if text(container, "restartPolicy") == "Always" else "init"
            return f"{section}.{text(container, 'name')}."
    return ""


def _resources(finding: _Finding) -> str:
    section = _container(finding)
    of_release = not section and finding.resource.name.startswith(f"{finding.owner}-release-")
    return f"{'release.' if of_release else section}resources."


def _replaced(finding: _Finding) -> str:
    """Find what lets one pod replace another: a volume, or the strategy by name."""
    volume = _claimed_volume(finding)
    return "rollout.strategy" if volume is None else f"volumes.{_volume_name(volume)}"


def _several(finding: _Finding) -> str:
    """Describe what lets several pods run at once."""
    if _claimed_volume(finding) is None:
        return "Leave it out"
    return f"{_NO_DATABASE} write 'shared: true' there, and name a 'storageClass' that can do it unless it lies on EFS"


def _claimed_volume(finding: _Finding) -> Mapping[str, Any] | None:
    """Find the volume that one node has; one of somebody else, of which the stack does not say so, comes last."""
    modes = {
        text(claim.props, "metadata", "name"): texts(claim.props, "spec", "accessModes")
        for claim in finding.stack.of_type(CLAIM)
    }
    claimed = {
        text(volume, "persistentVolumeClaim", "claimName"): volume
        for volume in mappings(pod_spec(finding.resource), "volumes")
        if "persistentVolumeClaim" in volume
    }
    one_writer = [volume for name, volume in claimed.items() if "ReadWriteMany" not in modes.get(name, ())]
    return min(one_writer, key=lambda one: text(one, "persistentVolumeClaim", "claimName") not in modes, default=None)


def _is_replaced(finding: _Finding) -> bool:
    return text(finding.resource.props, "spec", "strategy", "type") == "Recreate"


def _replicated(finding: _Finding) -> str:
    if not _is_replaced(finding):
        return "Write"
    if _claimed_volume(finding) is None:
        return "Leave 'rollout.strategy' out, and write"
    return f"{_NO_DATABASE} write 'shared: true' at '{_replaced(finding)}', and here"


def _unless_scaled(finding: _Finding) -> str:
    """Describe what else a Deployment may do; the members of a StatefulSet are counted."""
    return "" if finding.resource.type == STATEFUL_SET else ", or leave it out for an autoscaler"


def _volume(finding: _Finding) -> str:
    """Find the volume of a claim, which another name of app or volume may have made."""
    templates = mappings(finding.resource.props, "spec", "volumeClaimTemplates")
    if templates:
        return _volume_name(mapping(templates[0].get("metadata")))
    claim = finding.resource.name
    for workload in finding.stack.resources:
        if workload.parent == finding.resource.parent and workload.urn != finding.resource.urn:
            for volume in mappings(pod_spec(workload), "volumes"):
                if text(volume, "persistentVolumeClaim", "claimName") == claim:
                    return _volume_name(volume)
    return claim.partition(".")[2]


def _opened(finding: _Finding) -> str:
    """Find the list that lets everybody in: an app's own, or that of the load balancer that hands packets on as is."""
    groups = finding.stack.of_type(TARGET_GROUP)
    own = (one for one in groups if urn_name(one.parent) == finding.owner)
    passed_on = any(text(one.props, "protocol") in {"TCP", "UDP", "TCP_UDP"} for one in own)
    return "loadBalancer.allowFrom" if passed_on else f"apps.{finding.owner}.allowFrom"


def _permitted(finding: _Finding) -> str:
    section, _, name = finding.owner.partition("-")
    return f"{PERMITTED[section]}.{name}.permissions"


def _volume_name(volume: Mapping[str, Any]) -> str:
    return re.sub("^volume-", "", text(volume, "name"))


def _decided(finding: _Finding) -> str:
    return annotation(finding.resource, DECIDED_BY) or "namespace"


_PLACES: Mapping[str, Callable[[_Finding], str]] = {
    "app": lambda finding: finding.owner,
    "pool": lambda finding: finding.owner,
    "container": _container,
    "resources": _resources,
    "replaced": _replaced,
    "several": _several,
    "replicated": _replicated,
    "unless_scaled": _unless_scaled,
    "opened": _opened,
    "volume": _volume,
    "decided": _decided,
    "permitted": _permitted,
}
