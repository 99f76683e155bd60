"""Whether the apps of an EKS stack find a pool that takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.labels import GPU, SYSTEM_TAINT_KEY
from infra.settings.app.application import Application
from infra.settings.app.pod_size import pod_requests
from infra.settings.eks.node_labels import POOL_LABEL, RESERVED_PREFIXES
from infra.settings.eks.nodes import NodePoolSettings
from infra.settings.model import FieldError

NO_GPUS = "has no GPUs"


def placement_errors(pools: Mapping[str, NodePoolSettings], apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find apps whose pods would stay pending; locations are below the sections' root."""
    for_apps = {name: pool for name, pool in pools.items() if not pool.system}
    for app, settings in apps.items():
        if SYSTEM_TAINT_KEY in settings.placement.tolerate:
            message = f"{SYSTEM_TAINT_KEY} keeps apps off the cluster's own controllers; remove it"
            yield FieldError(("apps", app, "placement", "tolerate"), message)
        reasons = {name: _obstacle(name, pool, settings) for name, pool in for_apps.items()}
        # That no pool has GPUs is found by the key that asks for them.
        if reasons and all(reasons.values()) and set(reasons.values()) != {NO_GPUS}:
            obstacles = ", ".join(f"{name} {reason}" for name, reason in reasons.items())
            message = f"no pool takes {app}: {obstacles}; tolerate the taints, or ask for labels that a pool has"
            yield FieldError(("apps", app, "placement"), message)


def takers(pools: Mapping[str, NodePoolSettings], app: Application) -> dict[str, NodePoolSettings]:
    """Return the pools whose nodes take the pods of `app`, whatever their size."""
    return {name: pool for name, pool in pools.items() if not pool.system and _obstacle(name, pool, app) is None}


def _obstacle(name: str, pool: NodePoolSettings, app: Application) -> str | None:
    """Return why the pool takes no pod of `app`, or None if it does."""
    placement, wants_gpus = app.placement, bool(pod_requests(app).gpus)
    if wants_gpus and not pool.has_gpus:
        return NO_GPUS
    own = {POOL_LABEL: name, "kubernetes.io/arch": pool.architecture, "kubernetes.io/os": "linux"}
    known = {**pool.labels, **pool.own_labels, **own}
    for key, value in placement.labels.items():
        if not _is_known_at_run_time_only(key, known) and known.get(key) != value:
            return f"is not labelled {key}={value}"
    tolerated = {*placement.tolerate, *({GPU} if wants_gpus else ())}
    for taint in pool.all_taints:
        # The third effect, PreferNoSchedule, keeps nobody away.
        if taint.effect in {"NoSchedule", "NoExecute"} and taint.key not in tolerated:
            return f"has the taint {taint.key}"
    return None


def _is_known_at_run_time_only(key: str, known: Mapping[str, str]) -> bool:
    """Whether Kubernetes or EKS gives a node this label, such as its zone, so that it cannot be checked."""
    prefix = key.rpartition("/")[0]
    by_others = [reserved for reserved in RESERVED_PREFIXES if reserved != "nightowl"]
    return key not in known and any(prefix == reserved or prefix.endswith(f".{reserved}") for reserved in by_others)
