"""Labels of every object, and the one label by which the pods of an app are selected.

The keys are the recommended labels of Kubernetes (`app.kubernetes.io/...`).
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.labels import NAME_LABEL, PART_OF, PART_OF_LABEL

_COMMON_LABELS = {PART_OF_LABEL: PART_OF, "app.kubernetes.io/managed-by": "pulumi"}


def common_labels() -> dict[str, str]:
    """Labels of an object that belongs to no single app."""
    return dict(_COMMON_LABELS)


def app_labels(app: str) -> dict[str, str]:
    """Labels of every object of `app`, its pods included."""
    return {NAME_LABEL: app, **_COMMON_LABELS}


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
) -> k8s.meta.v1.ObjectMetaArgs:
    """Metadata of an object of `app`; its name is the app's, unless `name` is given."""
    return k8s.meta.v1.ObjectMetaArgs(
        name=name or app, namespace=namespace, labels=app_labels(app), annotations=annotations
    )
