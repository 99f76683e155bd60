"""The namespaces of charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from infra.charts.layers import Makers
from infra.labels import PART_OF, PART_OF_LABEL
from infra.platforms.pod_security import pod_security_labels
from infra.settings.charts import LEVELS, ChartSettings, PodSecurityLevel

SYSTEM_PREFIX = "kube-"
"""Of namespaces that every cluster has."""
POLICY = "nightowl-charts"


class Namespaces(pulumi.ComponentResource):
    """A namespace for each chart that names one of its own, under a Pod Security Standard.

    Where a pod without a network policy is cut off, each gets `traffic`. A namespace stays when its charts go, unless
    they say `keep: false`: with it would go the claims, which Helm keeps as well.
    """

    def __init__(
        self,
        name: str,
        *,
        charts: Mapping[str, ChartSettings],
        traffic: k8s.networking.v1.NetworkPolicySpecArgs | None,
        makers: Makers,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:charts:Namespaces", name, None, opts)
        self._by_namespace: dict[str, list[pulumi.Resource]] = {}
        for namespace, members in _own(charts).items():
            kept, level = any(chart.keep for chart in members), _weakest(members)
            made = k8s.core.v1.Namespace(
                namespace,
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    # Whoever wrote a chart is not here to mend what is above its level.
                    name=namespace,
                    labels={PART_OF_LABEL: PART_OF, **pod_security_labels(level, told=level)},
                ),
                opts=pulumi.ResourceOptions(parent=self, provider=makers.of(kept=kept), retain_on_delete=kept),
            )
            policy = [] if traffic is None else [_policy(namespace, made, traffic, makers.changing, self)]
            self._by_namespace[namespace] = [made, *policy]
        self.register_outputs({})

    def of(self, namespace: str) -> Sequence[pulumi.Resource]:
        """Return what must be there before the first object in a namespace."""
        return self._by_namespace.get(namespace, ())


def _own(charts: Mapping[str, ChartSettings]) -> Mapping[str, Sequence[ChartSettings]]:
    found: dict[str, list[ChartSettings]] = {}
    for name, chart in charts.items():
        if not chart.place(name).startswith(SYSTEM_PREFIX):
            found.setdefault(chart.place(name), []).append(chart)
    return found


def _weakest(charts: Sequence[ChartSettings]) -> PodSecurityLevel:
    return LEVELS[max(LEVELS.index(chart.pod_security) for chart in charts)]


def _policy(
    namespace: str,
    made: k8s.core.v1.Namespace,
    traffic: k8s.networking.v1.NetworkPolicySpecArgs,
    provider: k8s.Provider,
    parent: pulumi.Resource,
) -> k8s.networking.v1.NetworkPolicy:
    return k8s.networking.v1.NetworkPolicy(
        f"{namespace}.{POLICY}",
        metadata=k8s.meta.v1.ObjectMetaArgs(name=POLICY, namespace=made.metadata.name, labels={PART_OF_LABEL: PART_OF}),
        spec=traffic,
        opts=pulumi.ResourceOptions(parent=parent, provider=provider),
    )
