"""Labels of every object, and the one label by which the pods of an app are selected.

The keys are the recommended labels of Kubernetes (`app.kubernetes.io/...`).
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.labels import NAME_LABEL, PART_OF, PART_OF_LABEL

COMMON_LABELS = {PART_OF_LABEL: PART_OF, "app.kubernetes.io/managed-by": "pulumi"}
"""On every object: those of an app and those that belong to no single one."""


def app_labels(app: str) -> dict[str, str]:
    """Return the labels of every object of `app`, its pods included."""
    return {NAME_LABEL: app, **COMMON_LABELS}


def release_of(app: str) -> str:
    """Return the name by which the pods of an app's release are told from its own, which a Service would send to.

    No app name has a dot, so it is no other app's.
    """
    return f"{app}.release"


def match_app(app: str) -> k8s.meta.v1.LabelSelectorArgs:
    """Select the pods of `app`.

    Only the name takes part: a Deployment's selector cannot change later, the other labels can.
    """
    return k8s.meta.v1.LabelSelectorArgs(match_labels={NAME_LABEL: app})


def app_meta(
    app: str,
    *,
    namespace: pulumi.Input[str],
    name: str | None = None,
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
) -> k8s.meta.v1.ObjectMetaArgs:
    """Return the metadata of an object of `app`; its name is the app's, unless `name` is given."""
    return k8s.meta.v1.ObjectMetaArgs(
        name=name or app, namespace=namespace, labels={**(labels or {}), **app_labels(app)}, annotations=annotations
    )
