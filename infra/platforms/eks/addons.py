"""The add-ons of a cluster, made from their declarations in `infra.addons`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra.addons import ADDONS
from infra.addons.addon import Addon, Chart, ClusterFacts, Need
from infra.iam import policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.settings.eks.cluster import ClusterSettings

INSTALL_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class AddonsArgs:
    """Which add-ons, and what they need.

    `cluster_name` is an output of the cluster. `network_policies` are by namespace, and `nodes` what the
    pods run on; the add-ons that make nodes work wait for none.
    """

    context: AwsContext
    settings: ClusterSettings
    addons: Iterable[Addon]
    cluster_name: pulumi.Input[str]
    vpc_id: pulumi.Input[str]
    volumes_key_arn: pulumi.Input[str]
    kubernetes: k8s.Provider
    network_policies: Mapping[str, pulumi.Resource]
    nodes: Sequence[pulumi.Resource] = ()
    copies_secrets: bool = False
    file_system_arns: Sequence[pulumi.Input[str]] = ()


class Addons(pulumi.ComponentResource):
    """Add-ons with the roles of their pods.

    On the way down each goes before what it waited for: the autoscaler before the nodes that it would bring back, and
    the load balancer controller after the last binding, which it has to release.
    """

    made: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: AddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:Addons", name, None, opts)
        self._args = args
        self._facts = ClusterFacts(
            name=args.context.name,
            account_id=args.context.account_id,
            region=args.context.region,
            kubernetes_version=args.settings.version,
            vpc_id=args.vpc_id,
            volumes_key_arn=args.volumes_key_arn,
            copies_secrets=args.copies_secrets,
            file_system_arns=args.file_system_arns,
        )
        self._identities: dict[str, PodIdentity] = {}
        self._made = {addon.name: self._make(addon) for addon in args.addons}
        self.made = tuple(self._made.values())
        self.register_outputs({})

    def needed_by(self, need: Need) -> list[pulumi.Resource]:
        """Return the add-ons without which `need` does not work, of those made here."""
        return [self._made[addon.name] for addon in ADDONS if addon.needed_by == need and addon.name in self._made]

    def role_arn(self, addon: Addon) -> pulumi.Output[str]:
        """Return the ARN of the role of an add-on's pods, which it has once it may do all that it needs."""
        return self._identities[addon.name].role_arn

    def _make(self, addon: Addon) -> pulumi.Resource:
        wait_for = [self._args.network_policies[addon.namespace], *self._args.nodes]
        if addon.service_account is not None:
            # Pods get their role when they are admitted: one made before the association would run with the node's.
            wait_for.append(self._make_identity(addon, addon.service_account).association)
        if addon.chart is None:
            return self._make_eks_addon(addon, wait_for)
        return self._make_release(addon, addon.chart, wait_for)

    def _make_identity(self, addon: Addon, service_account: str) -> PodIdentity:
        managed = addon.managed_policy
        made = self._identities[addon.name] = PodIdentity(
            addon.short_name,
            PodIdentityArgs(
                context=self._args.context,
                cluster_name=self._args.cluster_name,
                namespace=addon.namespace,
                service_account=service_account,
                policies={}
                if managed
                else {key: policy_document(*statements) for key, statements in addon.permissions(self._facts).items()},
                managed_policy_arns={"managed": f"arn:aws:iam::aws:policy/{managed}"} if managed else {},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made

    def _make_eks_addon(self, addon: Addon, wait_for: Sequence[pulumi.Resource]) -> aws.eks.Addon:
        values, settings = addon.values(self._facts), self._args.settings
        return aws.eks.Addon(
            addon.name,
            cluster_name=self._args.cluster_name,
            addon_name=addon.name,
            addon_version=settings.addons.get(addon.name) or self._default_version(addon.name),
            configuration_values=json.dumps(values) if values else None,
            # The code says what an add-on is: nothing changed by hand survives.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            preserve=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(wait_for)),
        )

    def _default_version(self, name: str) -> pulumi.Output[str]:
        return aws.eks.get_addon_version_output(
            addon_name=name,
            kubernetes_version=self._args.settings.minor_of_addons,
            most_recent=False,
            opts=pulumi.InvokeOutputOptions(parent=self),
        ).apply(lambda found: found.version)

    def _make_release(self, addon: Addon, chart: Chart, wait_for: Sequence[pulumi.Resource]) -> k8s.helm.v3.Release:
        definitions = [self._make_definitions(addon, chart)] if chart.definitions else []
        return k8s.helm.v3.Release(
            addon.short_name,
            name=addon.name,
            namespace=addon.namespace,
            chart=chart.chart,
            version=chart.version,
            repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo=chart.repository),
            values=addon.values(self._facts),
            skip_crds=True if definitions else None,
            # A first install that fails is taken back, or the next attempt would find the name in use.
            atomic=True,
            timeout=INSTALL_TIMEOUT_SECONDS,
            opts=pulumi.ResourceOptions(
                parent=self, provider=self._args.kubernetes, depends_on=[*wait_for, *definitions]
            ),
        )

    def _make_definitions(self, addon: Addon, chart: Chart) -> k8s.yaml.v2.ConfigFile:
        """Make the kinds that a chart's controller serves, in the version of the chart: another one renews them first.

        The plug-in makes them, out of sight of what protects the rest of a stack (`live/protection.py`), and with a
        kind all its objects go: with the bindings, every pod from behind the load balancers.
        """
        return k8s.yaml.v2.ConfigFile(
            f"{addon.short_name}-definitions",
            file=chart.definitions.format(version=chart.version),
            opts=pulumi.ResourceOptions(
                parent=self, provider=self._args.kubernetes, protect=self._args.context.protect
            ),
        )
