"""The EKS control plane, its add-ons and who may use it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from infra.values import document, is_false, is_true, mappings, number, sequence, text, texts, within
from infra.versions import KUBERNETES_VERSIONS, WARNING_DAYS
from policies.facts.addresses import open_to_internet
from policies.facts.aws import (
    ACCESS_POLICY,
    ADDON,
    CLUSTER,
    INGRESS_RULE,
    LAUNCH_TEMPLATE,
    LOG_GROUP,
    NODE_GROUP,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    SUBNET,
)
from policies.facts.eks import addons, minor_of, of_cluster, zones
from policies.facts.helm import releases
from policies.facts.objects import CONFIG_MAP, DEFAULT_CLASS, HPA, STORAGE_CLASS
from policies.facts.spellings import with_patches
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import is_set
from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Family, Messages, must_be_on

ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
DETECTOR = "aws:guardduty/detector:Detector"
DETECTOR_FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
EKS_FEATURES = {
    "audit logs": {"EKS_AUDIT_LOGS"},
    "runtime monitoring": {"RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"},
}
"""Features of GuardDuty that watch EKS, each under the names that it has (GuardDuty API reference)."""

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
LOG_DAYS = 365
"""A year of control-plane logs (CKV_AWS_338)."""
FEWEST_ZONES = 2
"""EKS refuses a cluster in one zone."""
MOST_ADMINISTRATORS = 3
"""Who deploys, who deploys by hand, and one for emergencies; own figure."""
SMALLEST_NODE_PREFIX = 24
"""With 16 blocks of /28 some are still whole after a year of pods coming and going (own figure)."""
ONE_ADDRESS = 128
WEBHOOK_PORTS = {443: "webhooks", 10250: "kubelets", 9443: "the load balancer controller"}
"""What the control plane calls on nodes (EKS user guide, "Security group requirements"; LBC issue 2460)."""

ADMINISTRATOR = "AmazonEKSClusterAdminPolicy"
NAMESPACED_POLICIES = ("AmazonEKSAdminPolicy", "AmazonEKSEditPolicy")

family = Family("Cluster", __doc__)


@family.rule("cluster-logs-everything", HIGH, CLUSTER, "CIS EKS 2.1.1", "Security Hub EKS.8", "CKV_AWS_37", "C-0067")
def _logs_everything(cluster: Resource) -> Messages:
    """Who did what in the cluster cannot be told afterwards.

    Set enabled_cluster_log_types to api, audit, authenticator, controllerManager, scheduler.
    https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
    """
    on = set(texts(cluster.props, "enabledClusterLogTypes"))
    missing = [one for one in LOG_TYPES if one not in on]
    if missing:
        yield f"enabledClusterLogTypes lacks {', '.join(missing)}"


@family.stack_rule("cluster-owns-its-log-group", MEDIUM, CLUSTER, "CIS EKS 2.1.2")
def _owns_its_log_group(cluster: Resource, stack: Stack) -> Messages:
    """EKS makes a log group that never expires and that blocks making the cluster again.

    Make /aws/eks/<cluster>/cluster yourself, with a retention, and let the cluster depend on it.
    https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
    """
    if not sequence(cluster.props.get("enabledClusterLogTypes")):
        return
    group_name = f"/aws/eks/{text(cluster.props, 'name')}/cluster"
    groups = [group for group in stack.of_type(LOG_GROUP) if text(group.props, "name") == group_name]
    if not groups:
        yield f"logs to {group_name}, which is not made by the stack, so EKS makes one that never expires"
    elif not any(stack.waits_for(cluster, group) for group in groups):
        yield f"does not wait for its log group {groups[0].name}, so EKS may make it first and the stack then fails"


@family.rule(
    "cluster-log-is-kept-a-year",
    MEDIUM,
    LOG_GROUP,
    "CKV_AWS_338",
    remediation=f"Set retention_in_days to {LOG_DAYS} or more on the control plane's log group.",
)
def _log_is_kept(group: Resource) -> Messages:
    """The trace of a break-in is gone before the break-in is noticed.

    https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
    """
    name = text(group.props, "name")
    days = number(group.props, "retentionInDays") or 0
    if name.startswith("/aws/eks/") and name.endswith("/cluster") and 0 < days < LOG_DAYS:
        yield f"keeps the control plane's log for {days:.0f} days, not {LOG_DAYS}"


@family.rule("log-group-has-own-key", LOW, LOG_GROUP, "CKV_AWS_158")
def _log_has_own_key(group: Resource) -> Messages:
    """Whoever may read logs may read these, as no key of yours stands between.

    Set kms_key_id to a key whose policy lets CloudWatch Logs use it.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    if not is_set(group.props, "kmsKeyId"):
        yield "kmsKeyId is not set"


@family.rule("cluster-encrypts-secrets", HIGH, CLUSTER, "CIS EKS 5.3.1", "Security Hub EKS.3", "CKV_AWS_58", "C-0066")
def _secrets_are_encrypted(cluster: Resource) -> Messages:
    """A copy of etcd gives all Secrets away without your key's policy or log seeing it.

    Set encryption_config with resources ['secrets'] and the ARN of a KMS key of your own.
    https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
    """
    encryption = within(cluster.props, "encryptionConfig")
    if "secrets" not in texts(encryption, "resources") or not is_set(encryption, "provider", "keyArn"):
        yield "encryptionConfig does not put Secrets under a key of your own"


@family.rule("cluster-endpoint-is-private", HIGH, CLUSTER, "CIS EKS 5.4.2")
def _endpoint_is_private(cluster: Resource) -> Messages:
    """Nodes talk to their control plane over the internet, and stop when the way out is lost.

    Set vpc_config.endpoint_private_access=True.
    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    if not is_true(cluster.props, "vpcConfig", "endpointPrivateAccess"):
        yield "vpcConfig.endpointPrivateAccess is off: nodes reach the API server over the internet"


@family.rule("cluster-endpoint-is-private-only", MEDIUM, CLUSTER, "CIS EKS 5.4.2", "Security Hub EKS.1", "CKV_AWS_39")
def _endpoint_is_private_only(cluster: Resource) -> Messages:
    """A stolen token, or the next hole in the API server, can be used from outside.

    Set vpc_config.endpoint_public_access=False and deploy from inside the VPC.
    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    if not is_false(cluster.props, "vpcConfig", "endpointPublicAccess"):
        yield "vpcConfig.endpointPublicAccess is on"


@family.rule("cluster-endpoint-is-not-open-to-the-world", CRITICAL, CLUSTER, "CIS EKS 5.4.1", "CKV_AWS_38")
def _endpoint_is_not_open(cluster: Resource) -> Messages:
    """The whole internet can try its luck with the API server.

    Name the networks in vpc_config.public_access_cidrs, or switch the public endpoint off.
    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    if is_false(cluster.props, "vpcConfig", "endpointPublicAccess"):
        return
    allowed = texts(cluster.props, "vpcConfig", "publicAccessCidrs")
    if not allowed:
        yield "the public endpoint has no publicAccessCidrs, so the whole internet may try"
    huge = [network for network in allowed if open_to_internet([network])]
    for network in huge:
        yield f"publicAccessCidrs holds {network}"
    if not huge and open_to_internet(allowed):
        yield "publicAccessCidrs together hold most of the internet"


def _prefix_length(network: str) -> int:
    """Return the length of a network's prefix; a text that is no network counts as one address."""
    try:
        return ip_network(network, strict=False).prefixlen
    except ValueError:
        return ONE_ADDRESS


@family.stack_rule("cluster-version-is-in-standard-support", HIGH, CLUSTER, "Security Hub EKS.2", "CKV_AWS_339")
def _version_is_supported(cluster: Resource, stack: Stack) -> Messages:
    """An old version is upgraded on a day that AWS picks, or with support type EXTENDED costs six times as much.

    Set version to one in standard support, one minor at a time.
    https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
    """
    version = text(cluster.props, "version")
    known = KUBERNETES_VERSIONS.get(version)
    oldest = min(minor for minor in map(minor_of, KUBERNETES_VERSIONS) if minor is not None)
    if not version:
        yield "version is not set, so the day of the first update decides it"
    elif (minor_of(version) or 0) < oldest:
        yield f"version {version} is past its standard support"
    elif known is not None and known.standard_support_ends < stack.today:
        yield f"standard support of version {version} ended on {known.standard_support_ends}"


@family.stack_rule("cluster-version-has-time-left", LOW, CLUSTER, "EKS best practices: upgrades")
def _version_has_time_left(cluster: Resource, stack: Stack) -> Messages:
    """The end of standard support comes before anybody planned the upgrade.

    Upgrade in time: the control plane, a week of watching, add-ons, nodes.
    https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
    """
    version = text(cluster.props, "version")
    known = KUBERNETES_VERSIONS.get(version)
    left = None if known is None else (known.standard_support_ends - stack.today).days
    if known is not None and left is not None and 0 <= left <= WARNING_DAYS:
        yield f"standard support of version {version} ends on {known.standard_support_ends}, in {left} days"


@family.rule("cluster-stays-in-standard-support", MEDIUM, CLUSTER, "Security Hub EKS.2")
def _support_is_standard(cluster: Resource) -> Messages:
    """The cluster slides into the paid extended support unasked.

    Set upgrade_policy.support_type to STANDARD.
    https://docs.aws.amazon.com/eks/latest/userguide/disable-extended-support.html
    """
    if text(cluster.props, "upgradePolicy", "supportType") != "STANDARD":
        yield "upgradePolicy.supportType is not STANDARD"


@family.rule("cluster-authenticates-by-access-entries", HIGH, CLUSTER, "CIS EKS 4.1.7", "CIS EKS 5.5.1", "C-0285")
def _authenticates_by_api(cluster: Resource) -> Messages:
    """The aws-auth ConfigMap can be overwritten by an update, and then nobody gets in.

    Set access_config.authentication_mode to API and give access by aws.eks.AccessEntry.
    https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    mode = text(cluster.props, "accessConfig", "authenticationMode")
    if mode != "API":
        yield f"accessConfig.authenticationMode is {mode or 'not set, which stands for CONFIG_MAP'}"


@family.rule("aws-auth-is-not-written", HIGH, with_patches(CONFIG_MAP), "CIS EKS 4.1.7")
def _is_no_aws_auth(config_map: Resource) -> Messages:
    """One wrong indent in aws-auth locks everybody out of the cluster.

    Remove the ConfigMap and make an aws.eks.AccessEntry for each principal.
    https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    metadata = within(config_map.props, "metadata")
    if text(metadata, "name") == "aws-auth" and text(metadata, "namespace") == "kube-system":
        yield "is aws-auth, where one wrong indent locks everybody out"


@family.rule("cluster-creator-is-no-administrator", MEDIUM, CLUSTER, "EKS best practices: identity")
def _creator_is_no_administrator(cluster: Resource) -> Messages:
    """Whoever made the cluster is its administrator for ever, and no access entry shows it.

    Set access_config.bootstrap_cluster_creator_admin_permissions=False and name administrators.
    https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
    """
    if not is_false(cluster.props, "accessConfig", "bootstrapClusterCreatorAdminPermissions"):
        yield "accessConfig.bootstrapClusterCreatorAdminPermissions is not off"


@family.rule("cluster-refuses-deletion", HIGH, CLUSTER, "Prowler eks_cluster_deletion_protection_enabled")
def _deletion_is_refused(cluster: Resource) -> Messages:
    """One wrong command, here or in the console, takes the cluster and all that runs on it away.

    Set deletion_protection=True.
    https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html
    """
    return must_be_on(cluster, "deletionProtection")


@family.rule("cluster-shifts-away-from-a-zone", MEDIUM, CLUSTER, "EKS user guide: zonal shift")
def _shifts_away_from_a_zone(cluster: Resource) -> Messages:
    """While a zone fails half-way, requests still go there and nobody can turn them away.

    Set zonal_shift_config.enabled=True.
    https://docs.aws.amazon.com/eks/latest/userguide/zone-shift.html
    """
    return must_be_on(cluster, "zonalShiftConfig", "enabled")


@family.rule("cluster-brings-no-self-managed-addons", LOW, CLUSTER, "EKS best practices: VPC CNI")
def _brings_no_addons_of_its_own(cluster: Resource) -> Messages:
    """EKS installs add-ons that nothing manages, and they age until an upgrade breaks on them.

    Set bootstrap_self_managed_addons=False and make an aws.eks.Addon for each.
    https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
    """
    if not is_false(cluster.props, "bootstrapSelfManagedAddons"):
        yield "bootstrapSelfManagedAddons is not off, so EKS installs versions that nobody updates"


@family.rule("addon-is-pinned", MEDIUM, ADDON, "EKS best practices: VPC CNI")
def _addon_is_pinned(addon: Resource) -> Messages:
    """Two clusters made on two days run different add-ons, and one of them breaks.

    Set addon_version, or take it from aws.eks.get_addon_version.
    https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html
    """
    if not is_set(addon.props, "addonVersion"):
        yield "addonVersion is not set"


@family.rule("addon-resolves-conflicts", LOW, ADDON, "EKS best practices: VPC CNI")
def _addon_resolves_conflicts(addon: Resource) -> Messages:
    """A field that somebody changed by hand makes the next update fail half-way.

    Set resolve_conflicts_on_create and resolve_conflicts_on_update to OVERWRITE or PRESERVE.
    https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html
    """
    for key in ("resolveConflictsOnCreate", "resolveConflictsOnUpdate"):
        if not text(addon.props, key):
            yield f"{key} is not set, so a field that somebody changed fails the update"


@family.rule(
    "vpc-cni-enforces-network-policy",
    HIGH,
    ADDON,
    "CIS EKS 4.3.1",
    "CIS EKS 5.4.4",
    "Prowler eks_cluster_vpc_cni_network_policy_enforced",
)
def _cni_enforces_network_policy(addon: Resource) -> Messages:
    """NetworkPolicies are accepted, listed, and do nothing.

    Put "enableNetworkPolicy": "true" into configuration_values of the vpc-cni add-on.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
    """
    if text(addon.props, "addonName") != "vpc-cni":
        return
    if not is_true(document(addon.props, "configurationValues"), "enableNetworkPolicy"):
        yield 'configurationValues lacks "enableNetworkPolicy": "true"; NetworkPolicies are accepted and do nothing'


@family.rule("vpc-cni-denies-from-the-start", LOW, ADDON, "network-policy-agent issue 271")
def _cni_denies_from_the_start(addon: Resource) -> Messages:
    """In the first seconds of a pod everything may reach it, whatever its NetworkPolicies say.

    Put "env": {"NETWORK_POLICY_ENFORCING_MODE": "strict"} into configuration_values and allow DNS.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
    """
    if text(addon.props, "addonName") != "vpc-cni":
        return
    values = document(addon.props, "configurationValues")
    on = is_true(values, "enableNetworkPolicy")
    if on and text(values, "env", "NETWORK_POLICY_ENFORCING_MODE") != "strict":
        yield "env.NETWORK_POLICY_ENFORCING_MODE is not strict: a new pod is open until its rules are in place"


@family.stack_rule(
    "prefix-delegation-has-room",
    MEDIUM,
    ADDON,
    "EKS best practices: prefix mode",
    remediation=f"Give nodes subnets of /{SMALLEST_NODE_PREFIX} or larger, or reserve /28 blocks in them.",
)
def _prefixes_have_room(addon: Resource, stack: Stack) -> Messages:
    """Pods get no address (InsufficientCidrBlocks) while many are free, as no /28 is whole any more.

    https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html
    """
    if text(addon.props, "addonName") != "vpc-cni":
        return
    if not is_true(document(addon.props, "configurationValues"), "env", "ENABLE_PREFIX_DELEGATION"):
        return
    groups = stack.of_type(NODE_GROUP)
    subnets = {subnet.urn: subnet for group in groups for subnet in stack.dependencies(group, "subnetIds", SUBNET)}
    for subnet in subnets.values():
        block = text(subnet.props, "cidrBlock")
        if block and _prefix_length(block) > SMALLEST_NODE_PREFIX:
            yield f"hands out /28 blocks, but {subnet.label} has only {block}"


@family.stack_rule("cluster-spans-zones", HIGH, CLUSTER, "EKS best practices: upgrades")
def _spans_zones(cluster: Resource, stack: Stack) -> Messages:
    """EKS refuses a control plane in one zone, and one zone is one failure.

    Give the cluster subnets in at least two, better three, availability zones.
    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    subnets = stack.dependencies(cluster, "vpcConfig", SUBNET)
    found = zones(stack, cluster, "vpcConfig")
    if subnets and len(found) < FEWEST_ZONES:
        yield f"its subnets are in {len(found)} zone"


@family.rule("access-entry-is-no-master", CRITICAL, ACCESS_ENTRY, "EKS best practices: identity", "CIS EKS 4.1.7")
def _entry_is_no_master(entry: Resource) -> Messages:
    """Members of system:masters pass every check of the API server, whatever the roles say.

    Leave system:masters out and give an access policy instead.
    https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
    """
    if "system:masters" in texts(entry.props, "kubernetesGroups"):
        yield "kubernetesGroups holds system:masters, which no role can restrict"


@family.rule("access-policy-is-namespaced", MEDIUM, ACCESS_POLICY, "EKS best practices: identity")
def _policy_is_namespaced(association: Resource) -> Messages:
    """Who edits one team's namespace edits kube-system too.

    Set access_scope to type namespace and name the namespaces.
    https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html
    """
    policy = text(association.props, "policyArn").rpartition("/")[2]
    if policy in NAMESPACED_POLICIES and text(association.props, "accessScope", "type") != "namespace":
        yield f"gives {policy} in the whole cluster"


@family.stack_rule("cluster-administrators-are-few", MEDIUM, CLUSTER, "CIS EKS 4.1.1", "EKS best practices: identity")
def _administrators_are_few(cluster: Resource, stack: Stack) -> Messages:
    """Each standing administrator is one more laptop whose loss is the loss of the cluster.

    Keep one principal that deploys and one for emergencies; give the others what they need.
    https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
    """
    given = of_cluster(stack, cluster, ACCESS_POLICY)
    wide = [one for one in given if text(one.props, "policyArn").endswith(f"/{ADMINISTRATOR}")]
    holders = {text(one.props, "principalArn") for one in wide}
    if len(holders) > MOST_ADMINISTRATORS:
        yield f"{len(holders)} principals hold {ADMINISTRATOR} at all times, more than {MOST_ADMINISTRATORS}"


@family.stack_rule(
    "node-security-group-admits-control-plane", HIGH, LAUNCH_TEMPLATE, "EKS best practices: network security"
)
def _own_group_admits_control_plane(template: Resource, stack: Stack) -> Messages:
    """Webhooks time out, and with them every deployment; `kubectl logs` fails.

    Admit 443, 10250 and 9443 from the cluster's security group, or attach that group too.
    https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
    """
    groups = stack.dependencies(template, "vpcSecurityGroupIds", SECURITY_GROUP)
    # The cluster's own security group, if it is attached too, admits everything from the control plane.
    if not groups or len(groups) < len(sequence(template.props.get("vpcSecurityGroupIds"))):
        return
    admitted = [admitted for group in groups for admitted in _admitted(stack, group)]
    for port, who in WEBHOOK_PORTS.items():
        if not any(first <= port <= last for first, last in admitted):
            yield f"its security groups do not admit port {port}, on which the control plane calls {who}"


def _admitted(stack: Stack, group: Resource) -> Iterator[tuple[float, float]]:
    own = [rule.props for rule in stack.dependents(group, "securityGroupId", INGRESS_RULE)]
    own += [
        rule.props
        for rule in stack.dependents(group, "securityGroupId", SECURITY_GROUP_RULE)
        if text(rule.props, "type") == "ingress"
    ]
    for rule in [*own, *mappings(group.props, "ingress")]:
        everything = (text(rule, "ipProtocol") or text(rule, "protocol")) in {"-1", "all"}
        first, last = number(rule, "fromPort"), number(rule, "toPort")
        yield (0, 65535) if everything or first is None or last is None else (first, last)


@family.stack_rule(
    "one-security-group-has-the-cluster-tag", HIGH, LAUNCH_TEMPLATE, "AWS Load Balancer Controller: security groups"
)
def _one_group_is_tagged(template: Resource, stack: Stack) -> Messages:
    """The load balancer controller finds two groups with its tag and registers nothing.

    Tag exactly one of the security groups of a node kubernetes.io/cluster/<name>.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/security_groups/
    """
    tagged = [
        group.name
        for group in stack.dependencies(template, "vpcSecurityGroupIds", SECURITY_GROUP)
        if any(str(key).startswith("kubernetes.io/cluster/") for key in within(group.props, "tags") or ())
    ]
    if len(tagged) > 1:
        yield f"attaches {len(tagged)} security groups with a cluster tag ({', '.join(sorted(tagged))})"


@family.stack_rule("guardduty-watches-eks", MEDIUM, DETECTOR, "AWS Config guardduty-eks-protection-audit-enabled")
def _detector_watches_eks(detector: Resource, stack: Stack) -> Messages:
    """GuardDuty is paid for and does not look at the cluster.

    Add DetectorFeatures EKS_AUDIT_LOGS and RUNTIME_MONITORING with status ENABLED.
    https://docs.aws.amazon.com/guardduty/latest/ug/kubernetes-protection.html
    """
    features = stack.dependents(detector, "detectorId", DETECTOR_FEATURE)
    on = {text(feature.props, "name") for feature in features if text(feature.props, "status") == "ENABLED"}
    missing = [wanted for wanted, names in EKS_FEATURES.items() if not names & on]
    if missing:
        yield f"does not watch EKS {' and '.join(missing)}"


@family.stack_rule("autoscaled-cluster-has-metrics", HIGH, CLUSTER, "EKS best practices: reliability")
def _has_metrics_for_its_autoscalers(_cluster: Resource, stack: Stack) -> Messages:
    """Autoscalers without metrics never scale, and nothing says so until the load comes.

    Add the managed add-on metrics-server, or its chart.
    https://docs.aws.amazon.com/eks/latest/userguide/metrics-server.html
    """
    installed = addons(stack, "metrics-server") or releases(stack, "metrics-server")
    if stack.of_type(HPA) and not installed:
        yield "has HorizontalPodAutoscalers, but nothing gives them metrics"


@family.rule("metrics-server-survives-a-node", MEDIUM, ADDON, "metrics-server: high availability")
def _metrics_server_survives_a_node(addon: Resource) -> Messages:
    """While the node of the only metrics-server is replaced, nothing scales.

    Set replicas 2 and podDisruptionBudget.enabled true in the add-on's configuration_values.
    https://github.com/kubernetes-sigs/metrics-server#high-availability
    """
    if text(addon.props, "addonName") != "metrics-server":
        return
    values = document(addon.props, "configurationValues")
    replicas = number(values, "replicas")
    if replicas is not None and replicas < 2:
        yield f"metrics-server has {replicas:.0f} replica: while its node is replaced, nothing scales"
    if not is_true(values, "podDisruptionBudget", "enabled"):
        yield "metrics-server has no PodDisruptionBudget"


@family.rule("coredns-scales-with-the-cluster", MEDIUM, ADDON, "EKS best practices: reliability")
def _dns_scales(addon: Resource) -> Messages:
    """Two DNS pods answer for any number of nodes; an add-on update resets whatever else scaled them.

    Put "autoScaling": {"enabled": true} into configuration_values of the coredns add-on.
    https://docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html
    """
    if text(addon.props, "addonName") != "coredns":
        return
    if not is_true(document(addon.props, "configurationValues"), "autoScaling", "enabled"):
        yield "configurationValues.autoScaling.enabled is not on: two pods answer for any number of nodes"


@family.stack_rule("cluster-has-a-default-storage-class", MEDIUM, ADDON, "EKS version notes 1.30")
def _default_storage_class_exists(addon: Resource, stack: Stack) -> Messages:
    """Claims that name no class stay Pending for ever: EKS makes no default class since 1.30.

    Make a StorageClass of ebs.csi.aws.com with the is-default-class annotation.
    https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html
    """
    if text(addon.props, "addonName") != "aws-ebs-csi-driver":
        return
    classes = stack.of_type(STORAGE_CLASS)
    if not any(is_true(one.props, "metadata", "annotations", DEFAULT_CLASS) for one in classes):
        yield "no StorageClass is the default: claims that name none stay Pending for ever"
