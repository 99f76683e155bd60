"""The namespace of the stack's apps, and the rules that hold for every pod in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.apps.labels import COMMON_LABELS
from infra.apps.namespace_policies import namespace_policies, policy_annotations
from infra.apps.priority import PRIORITIES, priority_class_name
from infra.apps.quota import NAMESPACE_COMPONENT, computed_limits, quota_spec
from infra.labels import SECURITY_ANNOTATION
from infra.platforms.kept_data import STACK_ANNOTATION, data_annotation, stack_of_data
from infra.platforms.platform import Platform
from infra.platforms.pod_security import pod_security_labels
from infra.settings.app.application import Application, Task
from infra.settings.app.resources import ResourceSettings
from infra.settings.namespace import NamespaceSettings
from infra.settings.scalars import bytes_text, millicores_text


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs:
    """Name and limits of the namespace, the apps that it must hold, and the platform that it is on."""

    settings: NamespaceSettings
    apps: Mapping[str, Application]
    platform: Platform
    last_limits: Mapping[str, int]
    """The computed limits of the quota in the last run of the stack."""


class Namespace(pulumi.ComponentResource):
    """A namespace under a Pod Security Standard, closed to all traffic but DNS, with a quota.

    Makes the Namespace, or takes one over, and in it a LimitRange, a ResourceQuota and two NetworkPolicies, besides the
    PriorityClasses that the apps use.
    """

    name: pulumi.Output[str]
    """Name of the namespace, known once it exists."""
    rules: list[pulumi.Resource]
    """What must exist before the first pod is made, or it would run without a rule."""

    def __init__(self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(NAMESPACE_COMPONENT, name, None, opts)
        namespace = self._namespace(name, args)
        # All that lies in the namespace takes the name from here, and so waits for the rights to make it.
        self.name = pulumi.Output.from_input(args.platform.admit(namespace.metadata.name, parent=self))
        # The volumes of a guest are the cluster owner's to pay.
        limits = computed_limits(args.apps, args.last_limits, with_volumes=args.platform.is_guest)
        self.rules = [
            self._limit_range(name),
            self._quota(name, args, limits),
            *self._network_policies(args),
            *self._priority_classes(args),
        ]
        self.register_outputs({"name": self.name, "limits": limits})

    def _namespace(self, name: str, args: NamespaceArgs) -> k8s.core.v1.Namespace:
        labels = {
            **args.settings.labels,
            **COMMON_LABELS,
            **args.platform.namespace_labels,
            **pod_security_labels("baseline" if security_decisions(args.apps) else "restricted", told="restricted"),
        }
        return k8s.core.v1.Namespace(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=args.settings.name, labels=labels, annotations=self._annotations(args)
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=args.platform.adopting_provider,
                # It holds what is not this stack's, such as the Secrets for which it was made, or outlives the stack.
                retain_on_delete=args.platform.adopting_provider is not None,
            ),
        )

    def _annotations(self, args: NamespaceArgs) -> dict[str, str] | None:
        data = data_annotation(kept=True) | {STACK_ANNOTATION: stack_of_data()} if args.platform.keeps_data else {}
        return {**(policy_annotations(args.settings) or {}), **security_decisions(args.apps), **data} or None

    def _limit_range(self, name: str) -> k8s.core.v1.LimitRange:
        return k8s.core.v1.LimitRange(
            name,
            metadata=self._meta("defaults"),
            spec=k8s.core.v1.LimitRangeSpecArgs(limits=[container_defaults()]),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _quota(self, name: str, args: NamespaceArgs, limits: Mapping[str, int]) -> k8s.core.v1.ResourceQuota:
        return k8s.core.v1.ResourceQuota(
            name,
            metadata=self._meta("quota"),
            spec=quota_spec(args.apps, args.settings.quota, limits),
            # That of a guest goes with the namespace only: the role that removes the stack may not delete it.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=args.platform.is_guest),
        )

    def _network_policies(self, args: NamespaceArgs) -> list[k8s.networking.v1.NetworkPolicy]:
        specs = namespace_policies(
            args.settings, dns=args.platform.dns_networks, closed=args.platform.closed_without_policies
        )
        return [
            k8s.networking.v1.NetworkPolicy(
                name,
                metadata=self._meta(name, annotations=policy_annotations(args.settings)),
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for name, spec in specs.items()
        ]

    def _priority_classes(self, args: NamespaceArgs) -> list[k8s.scheduling.v1.PriorityClass]:
        used = {app.availability.priority for app in args.apps.values() if not isinstance(app, Task)}
        return [
            k8s.scheduling.v1.PriorityClass(
                f"priority-{level}",
                metadata=k8s.meta.v1.ObjectMetaArgs(
                    name=priority_class_name(args.settings.name, level), labels=COMMON_LABELS
                ),
                value=value,
                description=f"Apps of priority {level} in namespace {args.settings.name}.",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for level, value in PRIORITIES.items()
            if level in used
        ]

    def _meta(self, name: str, *, annotations: dict[str, str] | None = None) -> k8s.meta.v1.ObjectMetaArgs:
        return k8s.meta.v1.ObjectMetaArgs(name=name, namespace=self.name, labels=COMMON_LABELS, annotations=annotations)


def security_decisions(apps: Mapping[str, Application]) -> dict[str, str]:
    """Name the keys by which the namespace enforces less than `restricted`."""
    keys = [f"nightowl:apps.{name}.security.level" for name, app in apps.items() if app.security.level == "baseline"]
    return {SECURITY_ANNOTATION: ", ".join(keys)} if keys else {}


def container_defaults() -> k8s.core.v1.LimitRangeItemArgs:
    """Create the defaults of an app for a container that asks for nothing, such as one started by hand."""
    defaults = ResourceSettings()
    return k8s.core.v1.LimitRangeItemArgs(
        type="Container",
        default={"memory": bytes_text(defaults.memory)},
        default_request={"cpu": millicores_text(defaults.cpu), "memory": bytes_text(defaults.memory)},
    )
