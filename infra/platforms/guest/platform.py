"""The cluster and the load balancer of another stack, as a platform for the apps of a pull request."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s
from typing_extensions import override

from infra.platforms.eks.app_platform import AppPlatform
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.limits.checks import check_stack_name
from infra.platforms.eks.load_balancer.record import HostRecords
from infra.platforms.eks.load_balancer.route import AppRoute, AppRouteArgs, rules_for
from infra.platforms.eks.pipeline.ephemeral_access import guest_binding
from infra.platforms.eks.provider import make_context
from infra.platforms.eks.secrets import AppSecrets, AppSecretsArgs, GivenRole, copied_secrets
from infra.platforms.eks.sharing import SharedLoadBalancer, SharedRole, Sharing, read_sharing
from infra.platforms.eks.storage_class import claim_class
from infra.platforms.platform import Route, SecretDelivery
from infra.platforms.state import MadeResource
from infra.settings.app.addresses import PublicAddress
from infra.settings.app.application import Application
from infra.settings.app.secrets import SecretSettings
from infra.settings.app.volumes import VolumeSettings
from infra.settings.build import PROJECT
from infra.settings.eks.addresses import http_addresses, reached_ports
from infra.settings.eks.cluster import AccessSettings
from infra.settings.eks.priorities import guest_rules
from infra.settings.eks.pull_secrets import KEEPER
from infra.settings.guest import GuestPlatformSettings
from infra.settings.problems import Problem, SettingsError, key_text
from infra.settings.pull_request import pull_request_number
from infra.settings.stack import StackSettings


class GuestPlatform(pulumi.ComponentResource, AppPlatform):
    """The way to a cluster that another stack made, with its nodes, DNS and controllers.

    Makes a record for each host. Names of target groups begin with the namespace: by that the admission policy of the
    cluster (`infra.platforms.eks.pipeline.ephemeral_admission`) keeps a guest's pods out of the groups of others.
    """

    is_guest = True

    def __init__(
        self,
        name: str,
        *,
        context: AwsContext,
        settings: StackSettings,
        sharing: Sharing,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("nightowl:eks:GuestPlatform", name, None, opts)
        self._context, self._settings, self._sharing = context, settings, sharing
        self.own_outputs = sharing.outputs
        self._prefix = f"{settings.namespace.name}-"
        http = {name: one.traffic for name, one in http_addresses(settings.apps).items()}
        self._rules = guest_rules(pull_request_number(settings.namespace.name) or 0, http)
        self.provider = k8s.Provider(
            "kubernetes",
            kubeconfig=sharing.kubeconfig,
            cluster_identifier=sharing.cluster,
            enable_patch_force=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._hosts = HostRecords()
        if sharing.load_balancer is not None:
            self.stand_behind_load_balancers(sharing.public_networks)
        self.outputs = {
            "account": context.account_id,
            "region": context.region,
            "cluster": sharing.cluster,
        }
        self.register_outputs({})

    @override
    def admit(self, namespace: pulumi.Input[str], *, parent: pulumi.Resource) -> pulumi.Input[str]:
        binding = guest_binding(namespace, parent=parent)
        return binding.metadata.apply(lambda made: str(made.namespace))

    @override
    def complete(self) -> None:
        balancer = self._sharing.load_balancer
        if balancer is not None:
            self._hosts.make(
                domain_zone_id=balancer.domain_zone,
                dns_name=balancer.dns_name,
                hosted_zone_id=balancer.hosted_zone,
                parent=self,
            )

    @override
    def deliver_secrets(
        self, app: str, settings: Application, *, namespace: pulumi.Input[str], parent: pulumi.Resource
    ) -> SecretDelivery:
        """Bring secrets from AWS Secrets Manager to the app, by the role that the other stack has made for it.

        Its `permissions` do nothing here: a pull request chooses the code, before anybody has read it.
        """
        secrets = settings.secrets
        if not secrets:
            return SecretDelivery()
        made = AppSecrets(
            app,
            AppSecretsArgs(
                context=self._context,
                cluster_name=self._sharing.cluster,
                namespace=self._settings.namespace.name,
                namespace_name=namespace,
                secrets=secrets,
                resolve=self.resolve,
                role=GivenRole(arn=(self._sharing.guest_roles or {})[app].arn),
            ),
            opts=pulumi.ResourceOptions(parent=parent, providers=[self._context.provider]),
        )
        return made.delivery

    @override
    def claim_class(self, volume: VolumeSettings) -> str | None:
        # The namespace goes with the pull request, and nobody would know of a disk that stayed.
        return claim_class(volume, kept=False)

    @override
    def route(self, address: PublicAddress, *, service: k8s.core.v1.Service, parent: pulumi.Resource) -> Route:
        """Make the rules that send the requests for an address to `service`."""
        balancer, traffic = self._sharing.load_balancer, address.traffic
        if balancer is None:
            return Route()
        rules = self._rules[address.name]
        made = AppRoute(
            address.name,
            AppRouteArgs(
                address=address,
                forward=rules_for(address.app, rules, listener_arn=balancer.listener, parent=self),
                # Whatever balancer the host had before is gone by now, and has left the group free.
                public=False,
                vpc_id=self._sharing.vpc,
                cluster_name=self._context.name,
                service=service,
                wait_for=[],
                prefix=self._prefix,
            ),
            opts=pulumi.ResourceOptions(parent=parent, providers=[self._context.provider]),
        )
        for host in traffic.all_hosts:
            self._hosts.add(host, made.ready)
        shown = traffic.canonical_host or traffic.all_hosts[0]
        url = f"https://{shown}{traffic.all_paths[0].path}"
        return Route(url=pulumi.Output.from_input(url), wait_for=made.ready)


def make_platform(
    settings: StackSettings,
    platform: GuestPlatformSettings,
    environment: Mapping[str, str],
    _state: Sequence[MadeResource],
) -> GuestPlatform:
    """Find the platform of the running stack, with the credentials and the region of the shell.

    Raises:
        SettingsError: account, role or region are not those of the settings, or the other stack does not share what
            the apps need. Nothing was made then.
    """
    check_stack_name(settings, project=pulumi.get_project(), stack=pulumi.get_stack())
    sharing = read_sharing(platform.stack)
    check_load_balancer(sharing.load_balancer, platform, http_addresses(settings.apps).values())
    check_secrets(sharing.guest_roles, platform, settings.apps)
    check_copies(platform, [] if sharing.copies_secrets else copied_secrets(settings.apps))
    access = AccessSettings.model_validate({"deployers": sharing.deployers})
    context = make_context(platform, access=access, pipeline={}, environment=environment)
    options = pulumi.ResourceOptions(providers=[context.provider])
    return GuestPlatform("platform", context=context, settings=settings, sharing=sharing, opts=options)


def check_load_balancer(
    balancer: SharedLoadBalancer | None, platform: GuestPlatformSettings, addresses: Collection[PublicAddress]
) -> None:
    """Refuse addresses whose requests would not arrive.

    Raises:
        SettingsError: with one line per app.
    """
    base = platform.stack
    if balancer is None:
        problems = [
            Problem(
                key_text(PROJECT, address.place),
                f"{base} has no load balancer with a domain; remove traffic until it has",
            )
            for address in addresses
        ]
    elif addresses and balancer.domain != platform.domain:
        problems = [
            Problem("nightowl:platform.domain", f"{base} has {balancer.domain}, not {platform.domain}; write that one")
        ]
    else:
        open_ports = ", ".join(map(str, balancer.ports))
        problems = [
            Problem(
                f"nightowl:apps.{address.app}.port",
                f"the load balancer of {base} reaches pods on {open_ports} only, not on {port}; keep to these until an "
                f"app with port {port} is deployed to {base}",
            )
            for address in addresses
            for port, _ in reached_ports(address)
            if port not in balancer.ports
        ]
    if problems:
        raise SettingsError(problems)


def check_secrets(
    roles: Mapping[str, SharedRole] | None, platform: GuestPlatformSettings, apps: Mapping[str, Application]
) -> None:
    """Refuse secrets that the pods of `apps` could not read.

    Raises:
        SettingsError: with one line per app, or per secret.
    """
    base = platform.stack
    made = [
        Problem(
            f"nightowl:apps.{app}.secrets.{name}.ref",
            f"pods of pull requests read no secret that own code of {base} has made; remove it here",
        )
        for app, of in apps.items()
        for name, secret in of.secrets.items()
        if not isinstance(secret.ref, str)
    ]
    if made:
        problems = made
    elif roles is None:
        problems = [
            Problem(
                key,
                f"{base} makes no roles for pods of pull requests until it is deployed with "
                "nightowl:delivery.github.ephemeral; remove it until then",
            )
            for app, of in apps.items()
            for name, secret in of.secrets.items()
            for key in _keys_of(app, name, secret, apps)
        ]
    else:
        problems = [
            Problem(
                key,
                f"{_owner(app)} of {base} does not have {secret.ref}, and pods of pull requests read only what it has; "
                f"remove it until {_owner(app)} with this secret is deployed to {base}",
            )
            for app, of in apps.items()
            for name, secret in of.secrets.items()
            for key in _keys_of(app, name, secret, apps)
            if app not in roles or secret.ref not in roles[app].secrets
        ]
    if problems:
        raise SettingsError(problems)


def check_copies(platform: GuestPlatformSettings, keys: Sequence[str]) -> None:
    """Refuse keys for which a Secret must be made, on a cluster whose driver may make none: pods would wait for ever.

    Raises:
        SettingsError: with one line per key.
    """
    base = platform.stack
    problems = [
        Problem(
            key,
            f"no app of {base} has such a key, so the driver there makes no Secrets, and the pods would wait for one; "
            f"remove it until an app with it is deployed to {base}",
        )
        for key in keys
    ]
    if problems:
        raise SettingsError(problems)


def _keys_of(app: str, name: str, secret: SecretSettings, apps: Mapping[str, Application]) -> list[str]:
    """List the keys that ask for a secret: what the keeper has, the apps that pull by it ask for."""
    if app != KEEPER:
        return [f"nightowl:apps.{app}.secrets.{name}"]
    return [
        f"nightowl:apps.{other}.pullSecrets[{index}]"
        for other, of in apps.items()
        for index, reference in enumerate(of.pull_secrets)
        if reference == secret.ref
    ]


def _owner(app: str) -> str:
    return "an app" if app == KEEPER else app
