"""What AWS, the engine's providers and EKS would answer: plausible ids, ARNs and look-ups for programs under mocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pulumi

from infra.settings.eks.instance_types import architecture

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/session"
ADDON_VERSION = "v1.0.0-eksbuild.1"
"""Not a real version: look-ups give it, so that a test sees where a version came from."""

ID_PREFIXES = {
    "Vpc": "vpc",
    "Subnet": "subnet",
    "InternetGateway": "igw",
    "NatGateway": "nat",
    "Eip": "eipalloc",
    "Route": "r-rtb",
    "RouteTable": "rtb",
    "RouteTableAssociation": "rtbassoc",
    "VpcEndpoint": "vpce",
    "SecurityGroup": "sg",
    "DefaultSecurityGroup": "sg",
    "SecurityGroupIngressRule": "sgr",
    "SecurityGroupEgressRule": "sgr",
    "LaunchTemplate": "lt",
    "FlowLog": "fl",
}
ARN_RESOURCES = {
    "Vpc": ("ec2", "vpc/{id}"),
    "Subnet": ("ec2", "subnet/{id}"),
    "SecurityGroup": ("ec2", "security-group/{id}"),
    "LaunchTemplate": ("ec2", "launch-template/{id}"),
    "LogGroup": ("logs", "log-group:{name}"),
    "Key": ("kms", "key/{id}"),
    "Certificate": ("acm", "certificate/{id}"),
    "LoadBalancer": ("elasticloadbalancing", "loadbalancer/{name}/0123456789abcdef"),
    "TargetGroup": ("elasticloadbalancing", "targetgroup/{name}/0123456789abcdef"),
    "Listener": ("elasticloadbalancing", "listener/app/{name}/0123456789abcdef"),
    "ListenerRule": ("elasticloadbalancing", "listener-rule/app/{name}/0123456789abcdef"),
    "WebAcl": ("wafv2", "regional/webacl/{name}/{id}"),
    "Secret": ("secretsmanager", "secret:{name}-AbCdEf"),
    "NodeGroup": ("eks", "nodegroup/{name}"),
    "Addon": ("eks", "addon/{name}"),
    "FileSystem": ("elasticfilesystem", "file-system/{id}"),
    "AccessPoint": ("elasticfilesystem", "access-point/{id}"),
}
ARN_AS_ID = {"Certificate", "LoadBalancer", "TargetGroup", "Listener", "ListenerRule", "Secret"}
GLOBAL_ARNS = {
    "Role": "arn:aws:iam::{account}:role/{name}",
    "Policy": "arn:aws:iam::{account}:policy/{name}",
    "InstanceProfile": "arn:aws:iam::{account}:instance-profile/{name}",
    "Bucket": "arn:aws:s3:::{name}",
}
NAME_AS_ID = {"Role", "InstanceProfile", "LogGroup", "Bucket", "Alias"}


class AwsAnswers(pulumi.runtime.Mocks):
    """Answers for one account and region. A look-up that is not known here fails the test that makes it."""

    def __init__(
        self,
        *,
        account: str = ACCOUNT,
        caller: str = CALLER,
        zones: tuple[str, ...] = ZONES,
        auto_scaling_role_tags: Mapping[str, str] | None = None,
        auto_scaling_role: bool = True,
        domain: str = "example.com",
        others: Mapping[str, Mapping[str, Any]] | None = None,
        running: Mapping[str, str] | None = None,
        running_groups: Mapping[str, str] | None = None,
        not_offered: Collection[tuple[str, str]] = (),
        made_for: Mapping[str, str] | None = None,
        live: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.running = dict(running or {})
        self.running_groups = dict(running_groups or {})
        self.not_offered = not_offered
        self.made_for = dict(made_for or {})
        self.account = account
        self.caller = caller
        self.zones = zones
        self.auto_scaling_role = auto_scaling_role
        self.auto_scaling_role_tags = dict(auto_scaling_role_tags or {})
        self.domain = domain
        self.others = dict(others or {})
        self.live = dict(live or {})
        self.calls: list[pulumi.runtime.MockCallArgs] = []
        self._more: dict[str, Callable[[str, str, Mapping[str, Any]], dict[str, Any]]] = {
            "Key": self._more_of_key,
            "Role": self._more_of_role,
            "ServiceLinkedRole": self._more_of_service_linked_role,
            "LoadBalancer": self._more_of_load_balancer,
            "TargetGroup": self._more_of_target_group,
            "Certificate": self._more_of_certificate,
            "Record": self._more_of_record,
            "NodeGroup": self._more_of_node_group,
            "LaunchTemplate": self._more_of_launch_template,
            "AccessEntry": self._more_of_access_entry,
            "PodIdentityAssociation": self._more_of_pod_identity_association,
            "Bucket": self._more_of_bucket,
        }
        self._look_ups: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "aws:index/getAvailabilityZones:getAvailabilityZones": self._availability_zones,
            "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": self._offerings,
            "aws:ec2/getInstanceTypes:getInstanceTypes": self._instance_types,
            "aws:index/getCallerIdentity:getCallerIdentity": self._caller_identity,
            "aws:index/getPartition:getPartition": self._partition,
            "aws:index/getRegion:getRegion": self._region,
            "aws:iam/getRoles:getRoles": self._roles,
            "aws:iam/getRole:getRole": self._role,
            "aws:eks/getAddonVersion:getAddonVersion": self._addon_version,
            "aws:eks/getClusters:getClusters": self._clusters,
            "aws:eks/getCluster:getCluster": self._cluster,
            "aws:eks/getNodeGroups:getNodeGroups": self._node_groups,
            "aws:eks/getNodeGroup:getNodeGroup": self._node_group,
            "aws:route53/getZone:getZone": self._hosted_zone,
            "aws:elb/getServiceAccount:getServiceAccount": self._elb_account,
            "aws:ssm/getParameter:getParameter": self._parameter,
            "pulumi:pulumi:readStackOutputs": self._stack_outputs,
            "pulumi:pulumi:readStackResourceOutputs": lambda args: {"name": args["stackName"], "outputs": self.live},
        }

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Give a made resource its id and what AWS would add to its properties."""
        kind = args.typ.rpartition(":")[2]
        if args.typ == "eks:index:Cluster":
            return None, {**args.inputs, **self.control_plane_outputs(str(args.inputs.get("name", args.name)))}
        if not args.typ.startswith("aws:"):
            return (f"{args.name}-id" if args.custom else None), dict(args.inputs)
        name = str(args.inputs.get("name") or f"{args.name}-1a2b3c4")
        made_id = f"{ID_PREFIXES.get(kind, kind.lower())}-{hashlib.sha256(args.name.encode()).hexdigest()[:17]}"
        state = {"name": name, **args.inputs}
        arn = self._arn(kind, name, made_id)
        if arn is not None:
            state["arn"] = arn
        if kind in ARN_AS_ID and arn is not None:
            made_id = arn
        if kind in NAME_AS_ID:
            made_id = name
        if kind in self._more:
            state |= self._more[kind](name, made_id, args.inputs)
        return str(state.get("id", made_id)), state

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Answer a look-up."""
        self.calls.append(args)
        assert args.token in self._look_ups, f"the program looks up {args.token}, which has no answer here"
        return self._look_ups[args.token](args.args), []

    def control_plane_outputs(self, name: str) -> dict[str, Any]:
        """Tell what the component `pulumi_eks.Cluster` gives back, but for the resource in it."""
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "kubernetes", "cluster": {"server": self._endpoint(name)}}],
            "users": [{"name": "aws", "user": {"exec": {"command": "aws", "args": ["eks", "get-token"]}}}],
        }
        return {
            "kubeconfig": kubeconfig,
            "kubeconfigJson": json.dumps(kubeconfig),
            "clusterSecurityGroupId": "sg-0c0ffee0c0ffee0c0",
            "nodeSecurityGroupId": "sg-0c0ffee0c0ffee0c0",
        }

    def control_plane_state(self, name: str) -> dict[str, Any]:
        """Tell the properties of the made `aws:eks/cluster:Cluster`."""
        return {
            "name": name,
            "arn": f"arn:aws:eks:{REGION}:{self.account}:cluster/{name}",
            "endpoint": self._endpoint(name),
            "certificateAuthority": {"data": "Y2E="},
            "vpcConfig": {"clusterSecurityGroupId": "sg-0c0ffee0c0ffee0c0"},
            "status": "ACTIVE",
        }

    def _endpoint(self, name: str) -> str:
        return f"https://{name}.gr7.{REGION}.eks.amazonaws.com"

    def _arn(self, kind: str, name: str, made_id: str) -> str | None:
        if kind in GLOBAL_ARNS:
            return GLOBAL_ARNS[kind].format(account=self.account, name=name)
        if kind in ARN_RESOURCES:
            service, resource = ARN_RESOURCES[kind]
            return f"arn:aws:{service}:{REGION}:{self.account}:{resource.format(name=name, id=made_id)}"
        return None

    def _more_of_key(self, _name: str, made_id: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"keyId": made_id}

    def _more_of_role(self, name: str, _made_id: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"uniqueId": f"AROA{name.upper()}"}

    def _more_of_service_linked_role(self, _name: str, _made_id: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
        arn = self._auto_scaling_role_arn()
        return {"id": arn, "arn": arn, "name": arn.rpartition("/")[2]}

    def _more_of_load_balancer(self, name: str, _made_id: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "dnsName": f"{name}-1234567890.{REGION}.elb.amazonaws.com",
            "zoneId": "Z215JYRZR1TBD5",
            "arnSuffix": f"app/{name}/0123456789abcdef",
        }

    def _more_of_target_group(self, name: str, _made_id: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"arnSuffix": f"targetgroup/{name}/0123456789abcdef"}

    def _more_of_certificate(self, _name: str, _made_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        domains = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
        return {
            "domainValidationOptions": [
                {
                    "domainName": domain,
                    "resourceRecordName": f"_0123abcd.{domain.removeprefix('*.')}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_4567ef.acm-validations.aws.",
                }
                for domain in domains
            ]
        }

    def _more_of_record(self, _name: str, _made_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"fqdn": inputs.get("name")}

    def _more_of_node_group(self, name: str, _made_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        group = inputs.get("nodeGroupName", name)
        return {
            "id": f"{inputs.get('clusterName')}:{group}",
            "nodeGroupName": group,
            "resources": [{"autoscalingGroups": [{"name": f"eks-{group}-0123"}], "remoteAccessSecurityGroupId": ""}],
            "status": "ACTIVE",
        }

    def _more_of_launch_template(self, _name: str, _made_id: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"latestVersion": 1, "defaultVersion": 1}

    def _more_of_access_entry(self, _name: str, _made_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"accessEntryArn": f"arn:aws:eks:{REGION}:{self.account}:access-entry/{inputs.get('clusterName')}/x"}

    def _more_of_pod_identity_association(self, _name: str, made_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        cluster = inputs.get("clusterName")
        return {
            "associationId": made_id,
            "associationArn": f"arn:aws:eks:{REGION}:{self.account}:podidentityassociation/{cluster}/{made_id}",
        }

    def _more_of_bucket(self, name: str, _made_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        bucket = inputs.get("bucket", name)
        return {"id": bucket, "bucket": bucket, "arn": f"arn:aws:s3:::{bucket}"}

    def _availability_zones(self, args: dict[str, Any]) -> dict[str, Any]:
        names = [zone for zone in self.zones if zone not in args.get("excludeNames", [])]
        return {"id": REGION, "names": names, "zoneIds": [f"zone-{name}" for name in names], "groupNames": [REGION]}

    def _offerings(self, args: dict[str, Any]) -> dict[str, Any]:
        """Every type in every zone, but for those pairs that the test leaves out."""
        pairs = [
            (kind, zone)
            for zone in _filter(args, "location")
            for kind in _filter(args, "instance-type")
            if (kind, zone) not in self.not_offered
        ]
        return {
            "id": REGION,
            "instanceTypes": [kind for kind, _ in pairs],
            "locations": [zone for _, zone in pairs],
            "locationTypes": [args["locationType"] for _ in pairs],
        }

    def _instance_types(self, args: dict[str, Any]) -> dict[str, Any]:
        """The types whose processor is asked for: by their name, unless the test says otherwise."""
        (wanted,) = _filter(args, "processor-info.supported-architecture")
        by_name = {
            kind: "arm64" if architecture(kind) == "arm64" else "x86_64" for kind in _filter(args, "instance-type")
        }
        return {"id": REGION, "instanceTypes": [kind for kind in by_name if (by_name | self.made_for)[kind] == wanted]}

    def _caller_identity(self, _args: dict[str, Any]) -> dict[str, Any]:
        return {"id": self.account, "accountId": self.account, "arn": self.caller, "userId": "AROAEXAMPLE:session"}

    def _partition(self, _args: dict[str, Any]) -> dict[str, Any]:
        return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}

    def _region(self, _args: dict[str, Any]) -> dict[str, Any]:
        return {"id": REGION, "region": REGION, "name": REGION, "description": "Europe (Frankfurt)", "endpoint": "-"}

    def _auto_scaling_role_arn(self) -> str:
        path = "aws-service-role/autoscaling.amazonaws.com"
        return f"arn:aws:iam::{self.account}:role/{path}/AWSServiceRoleForAutoScaling"

    def _roles(self, _args: dict[str, Any]) -> dict[str, Any]:
        arns = [self._auto_scaling_role_arn()] if self.auto_scaling_role else []
        return {"id": REGION, "arns": arns, "names": [arn.rpartition("/")[2] for arn in arns]}

    def _role(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": args["name"],
            "name": args["name"],
            "arn": self._auto_scaling_role_arn(),
            "tags": self.auto_scaling_role_tags,
        }

    def _addon_version(self, args: dict[str, Any]) -> dict[str, Any]:
        return {**args, "id": args["addonName"], "version": ADDON_VERSION}

    def _clusters(self, args: dict[str, Any]) -> dict[str, Any]:
        return {**args, "id": REGION, "names": list(self.running)}

    def _cluster(self, args: dict[str, Any]) -> dict[str, Any]:
        return {**args, "id": args["name"], "version": self.running[args["name"]]}

    def _node_groups(self, args: dict[str, Any]) -> dict[str, Any]:
        return {**args, "id": args["clusterName"], "names": list(self.running_groups)}

    def _node_group(self, args: dict[str, Any]) -> dict[str, Any]:
        return {**args, "id": args["nodeGroupName"], "version": self.running_groups[args["nodeGroupName"]]}

    def _hosted_zone(self, args: dict[str, Any]) -> dict[str, Any]:
        name = args.get("name", self.domain)
        return {"id": "Z0123456789", "zoneId": "Z0123456789", "name": name, "privateZone": False, "arn": "-"}

    def _elb_account(self, _args: dict[str, Any]) -> dict[str, Any]:
        return {"id": "054676820928", "arn": "arn:aws:iam::054676820928:root"}

    def _stack_outputs(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"name": args["name"], "outputs": self.others[args["name"].rpartition("/")[2]], "secretOutputNames": []}

    def _parameter(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"id": args["name"], "name": args["name"], "value": "1.0.0-20260101", "type": "String", "version": 1}


def _filter(args: Mapping[str, Any], name: str) -> list[str]:
    return [value for one in args["filters"] if one["name"] == name for value in one["values"]]
