"""The pod template of an app: its containers and volumes, and how it is run.

Sidecars start before the init containers: an init container may need one, such as a database proxy for a migration. The
other way round a sidecar that needs an init container's work restarts until that is done, and recovers by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from infra.apps.availability import tolerations
from infra.apps.config import NO_OUTPUTS, Configuration, Outputs, configuration
from infra.apps.containers import Shared, app_container, plain_container, sidecar_container
from infra.apps.labels import app_labels
from infra.apps.not_secret import of_helper
from infra.apps.security import pod_security
from infra.apps.volumes import Storage
from infra.labels import GPU
from infra.platforms.platform import SecretDelivery
from infra.settings.app.application import Application, Task
from infra.settings.app.pod_size import pod_requests

NDOTS = 2
"""A name with two dots is first asked for as it is. With Kubernetes' default of 5, a name outside the cluster costs up
to four more queries."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """How the pods of one kind of workload are run, beyond what every pod has."""

    grace_seconds: int
    evict_after_seconds: int
    lifecycle: k8s.core.v1.LifecycleArgs | None = None
    spread: Sequence[k8s.core.v1.TopologySpreadConstraintArgs] = ()
    priority_class: str | None = None
    restart_policy: str = "Always"
    annotations: Mapping[str, str] | None = None
    known_as: str | None = None
    """The name in the label by which the pods are selected; by default the app's."""


def configurations(app: str, settings: Application, outputs: Outputs = NO_OUTPUTS) -> dict[str, Configuration]:
    """Describe the configuration of every container of `app`, by container name, with the outputs of own code."""
    return {
        app: configuration(
            app,
            container=app,
            env=settings.env,
            files=settings.files,
            not_secret=settings.not_secret,
            outputs=outputs,
        ),
        **{
            name: configuration(
                f"{app}.{name}",
                container=name,
                env=helper.env,
                files=helper.files,
                not_secret=of_helper(settings.not_secret, section, name),
                outputs=outputs,
            )
            for section, name, helper in settings.helpers
        },
    }


def pod_template(
    app: str,
    settings: Application,
    *,
    configurations: Mapping[str, Configuration],
    storage: Storage,
    secrets: SecretDelivery,
    pull_secrets: Sequence[str],
    running: Running,
) -> k8s.core.v1.PodTemplateSpecArgs:
    """Put the pod of `app` together."""
    shared = Shared(
        image=settings.image,
        security=settings.security,
        env=secrets.env,
        mounts=[*storage.mounts, *secrets.mounts],
    )
    sidecars = [
        sidecar_container(name, sidecar, configuration=configurations[name], shared=shared)
        for name, sidecar in settings.sidecars.items()
    ]
    inits = [
        plain_container(name, init, configuration=configurations[name], shared=shared)
        for name, init in settings.init.items()
    ]
    main = app_container(app, settings, configuration=configurations[app], shared=shared, lifecycle=running.lifecycle)
    files = [volume for container in configurations.values() for volume in container.volumes]
    return k8s.core.v1.PodTemplateSpecArgs(
        metadata=k8s.meta.v1.ObjectMetaArgs(
            labels={**settings.labels, **app_labels(running.known_as or app)},
            annotations={**settings.annotations, **secrets.annotations, **(running.annotations or {})} or None,
        ),
        spec=k8s.core.v1.PodSpecArgs(
            service_account_name=app,
            automount_service_account_token=False,
            enable_service_links=False,
            image_pull_secrets=[k8s.core.v1.LocalObjectReferenceArgs(name=name) for name in pull_secrets] or None,
            restart_policy=running.restart_policy,
            priority_class_name=running.priority_class,
            termination_grace_period_seconds=running.grace_seconds,
            security_context=pod_security(
                settings.security, [] if isinstance(settings, Task) else [one.number for one in settings.served]
            ),
            dns_config=k8s.core.v1.PodDNSConfigArgs(
                options=[k8s.core.v1.PodDNSConfigOptionArgs(name="ndots", value=str(NDOTS))]
            ),
            node_selector=dict(settings.placement.labels) or None,
            tolerations=[
                *tolerations(running.evict_after_seconds),
                *([k8s.core.v1.TolerationArgs(key=GPU, operator="Exists")] if pod_requests(settings).gpus else []),
                # Whatever value and effect the taint has.
                *(k8s.core.v1.TolerationArgs(key=key, operator="Exists") for key in settings.placement.tolerate),
            ],
            topology_spread_constraints=list(running.spread) or None,
            init_containers=[*sidecars, *inits] or None,
            containers=[main],
            volumes=[*storage.volumes, *files, *secrets.volumes] or None,
        ),
    )
