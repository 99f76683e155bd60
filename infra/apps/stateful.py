"""The StatefulSet of an app whose replicas know each other: `<app>-0`, `<app>-1`, each with data of its own.

Each replica has an address that stays, `<app>-0.<app>-peers`, also while it starts: members find each other before they
are ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi_kubernetes as k8s

from infra.apps.labels import app_labels, match_app
from infra.apps.replicas import REVISION_HISTORY
from infra.apps.volumes import Claim
from infra.labels import NAME_LABEL
from infra.settings.app.application import StatefulSettings
from infra.settings.app.ports import ServedPort
from infra.settings.app.rollout import MIN_READY_SECONDS

ONCE = ("spec.volumeClaimTemplates",)
"""What Kubernetes takes once: another value would replace the StatefulSet. What the stack file asks of it is refused
before (infra/platforms/replica_data.py); what remains is the default class of the platform."""


def stateful_set_annotations(settings: StatefulSettings) -> dict[str, str]:
    """Let the engine wait until every replica that a rollout reaches has the new version, and all are available.

    The provider's own wait can end before the controller has seen the change, as it does not ask for the generation
    that was observed, and never ends with a partition, where the old version stays the current one.
    """
    replicas = settings.replica_count
    wanted = [
        "@.updateRevision",  # only the status has it, and the spec has replicas too
        f"@.replicas=={replicas}",
        f"@.availableReplicas=={replicas}",
        *([f"@.updatedReplicas>{replicas - settings.partition - 1}"] if settings.partition < replicas else []),
    ]
    # The provider's parser (theory/jsonpath 0.9) takes no blank before the second `&&`, and nothing but `==` with `=`.
    return {"pulumi.com/waitFor": f"jsonpath={{$[?{'&&'.join(wanted)}]}}", "pulumi.com/patchForce": "true"}


def peers_of(app: str) -> str:
    """Return the name of the Service by which the replicas find each other."""
    return f"{app}-peers"


def peers_spec(app: str, *, ports: Sequence[ServedPort]) -> k8s.core.v1.ServiceSpecArgs:
    """Describe the headless Service that gives every replica, ready or not, an address of its own."""
    return k8s.core.v1.ServiceSpecArgs(
        type="ClusterIP",
        cluster_ip="None",
        publish_not_ready_addresses=True,
        selector={NAME_LABEL: app},
        ports=[
            k8s.core.v1.ServicePortArgs(
                name=port.name, port=port.number, target_port=port.number, protocol=port.protocol
            )
            for port in ports
        ]
        or None,
    )


def stateful_set_spec(
    app: str,
    settings: StatefulSettings,
    template: k8s.core.v1.PodTemplateSpecArgs,
    *,
    claims: Mapping[str, Claim],
    kept: bool,
) -> k8s.apps.v1.StatefulSetSpecArgs:
    """Describe replicas of `template`, each with one of each of `claims`, which outlive it where they are `kept`."""
    policy = "Retain" if kept else "Delete"
    return k8s.apps.v1.StatefulSetSpecArgs(
        replicas=settings.replica_count,
        service_name=peers_of(app),
        selector=match_app(app),
        template=template,
        pod_management_policy="OrderedReady" if settings.start == "ordered" else "Parallel",
        update_strategy=k8s.apps.v1.StatefulSetUpdateStrategyArgs(
            type="RollingUpdate",
            rolling_update=k8s.apps.v1.RollingUpdateStatefulSetStrategyArgs(partition=settings.partition),
        ),
        min_ready_seconds=MIN_READY_SECONDS,
        revision_history_limit=REVISION_HISTORY,
        persistent_volume_claim_retention_policy=k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
            when_deleted=policy, when_scaled=policy
        )
        if claims
        else None,
        volume_claim_templates=[
            k8s.core.v1.PersistentVolumeClaimArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(name=name, labels=app_labels(app)), spec=claim.spec
            )
            for name, claim in claims.items()
        ]
        or None,
    )
