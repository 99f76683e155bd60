"""What the cloud would answer: ids, names and look-ups, made up so that they read well.

What only AWS can know says `made at up`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from typing_extensions import override

from infra.charts.rendering import TEMPLATE
from infra.errors import NightowlError
from infra.plan.eks_component import COMPONENT, CONTROL_PLANE, control_plane_inputs, control_plane_name
from infra.plan.helm import Template
from infra.plan.values import RESOURCE_SIGNATURE, SIGNATURE_KEY
from infra.settings.build import PROJECT

MADE_AT_UP = "(made at up)"
"""Stands for what is not known before."""

EXAMPLE_ACCOUNT = "111122223333"
EXAMPLE_REGION = "eu-central-1"
ZONE_LETTERS = "abcdef"

ID_PREFIXES = {
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/flowLog:FlowLog": "fl",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:efs/accessPoint:AccessPoint": "fsap",
    "aws:efs/fileSystem:FileSystem": "fs",
    "aws:efs/mountTarget:MountTarget": "fsmt",
}
"""How AWS begins the ids of resources that have no name of their own."""

ARN_PATHS = {
    "aws:acm/certificate:Certificate": ("acm", "certificate/{name}"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "log-group:{name}"),
    "aws:efs/accessPoint:AccessPoint": ("elasticfilesystem", "access-point/{name}"),
    "aws:efs/fileSystem:FileSystem": ("elasticfilesystem", "file-system/{name}"),
    "aws:eks/addon:Addon": ("eks", "addon/{name}"),
    "aws:eks/cluster:Cluster": ("eks", "cluster/{name}"),
    "aws:eks/nodeGroup:NodeGroup": ("eks", "nodegroup/{name}"),
    "aws:iam/policy:Policy": ("iam", "policy/{name}"),
    "aws:iam/role:Role": ("iam", "role/{name}"),
    "aws:kms/key:Key": ("kms", "key/{name}"),
    "aws:lb/listener:Listener": ("elasticloadbalancing", "listener/{name}"),
    "aws:lb/loadBalancer:LoadBalancer": ("elasticloadbalancing", "loadbalancer/{name}"),
    "aws:lb/targetGroup:TargetGroup": ("elasticloadbalancing", "targetgroup/{name}"),
    "aws:dynamodb/table:Table": ("dynamodb", "table/{name}"),
    "aws:rds/cluster:Cluster": ("rds", "cluster:{name}"),
    "aws:rds/instance:Instance": ("rds", "db:{name}"),
    "aws:s3/bucket:Bucket": ("s3", "{name}"),
    "aws:secretsmanager/secret:Secret": ("secretsmanager", "secret:{name}"),
    "aws:sns/topic:Topic": ("sns", "{name}"),
    "aws:sqs/queue:Queue": ("sqs", "{name}"),
    "aws:wafv2/webAcl:WebAcl": ("wafv2", "regional/webacl/{name}"),
}
"""Service and resource part of the ARN by type (AWS Service Authorization Reference, "Resource types"; abridged)."""

OWN_NAME_KEYS = ("name", "bucket", "nodeGroupName", "addonName", "clusterName")
"""Inputs by which a program may fix the name."""

GLOBAL_SERVICES = {"iam", "s3"}
"""Services whose ARNs name no region; those of S3 name no account either."""


class UnknownCallError(NightowlError):
    """The program asks the cloud something that a plan has no answer for."""


@dataclass(eq=False, kw_only=True)
class Answers(Mocks):
    """Answers of one account and region to the program of one stack."""

    stack: str
    project: str = PROJECT
    account_id: str = EXAMPLE_ACCOUNT
    region: str = EXAMPLE_REGION
    role: str = "plan"
    """The name of the role that plans."""
    others: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    """The outputs of other stacks, by stack."""
    template: Template | None = None
    """What renders charts; None where none are rendered."""
    inside: dict[str, tuple[Any, dict[str, Any]]] = field(init=False, default_factory=dict[str, Any])
    """Registration and inputs of the control plane that exists only inside a component, by the component's name."""
    unanswered: UnknownCallError | None = field(init=False, default=None)
    """The look-up that there was no answer for."""

    @override
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return the id and the outputs of a resource: its inputs, and what AWS would add."""
        inputs: Mapping[str, Any] = cast("Any", args).inputs
        if args.typ == COMPONENT:
            return args.name, {**inputs, **self._cluster(args.name, inputs, args.transforms)}
        return self.resource(args.typ, args.name, inputs)

    @override
    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Answer a look-up.

        Raises:
            UnknownCallError: there is no answer.
        """
        arguments: Mapping[str, Any] = cast("Any", args).args
        if args.token == TEMPLATE and self.template is not None:
            return self.template(arguments), []
        zones = [f"{self.region}{letter}" for letter in ZONE_LETTERS]
        name = str(arguments.get("name", ""))
        answers: dict[str, dict[str, Any]] = {
            "aws:index/getAvailabilityZones:getAvailabilityZones": {
                "names": zones,
                "zoneIds": [f"{zone}-id" for zone in zones],
            },
            # Assumed: every zone has every machine. Which has, only an account is told.
            "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _offers(arguments),
            "aws:ec2/getInstanceTypes:getInstanceTypes": {"instanceTypes": _filtered(arguments, "instance-type")},
            "aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": self.account_id,
                "arn": f"arn:aws:sts::{self.account_id}:assumed-role/{self.role}/plan",
                "userId": "plan",
            },
            "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
            "aws:index/getRegion:getRegion": {"name": self.region, "region": self.region},
            "aws:eks/getAddonVersion:getAddonVersion": {"version": "(the default at up)"},
            "aws:eks/getClusters:getClusters": {"names": []},
            "aws:iam/getRoles:getRoles": {"arns": [], "names": []},
            "aws:iam/getRole:getRole": {"arn": f"arn:aws:iam::{self.account_id}:role/{name}", "tags": {}},
            "aws:route53/getZone:getZone": {"zoneId": f"(zone of {name})"},
            # A plan shows what is made from nothing.
            "pulumi:pulumi:readStackResourceOutputs": {"outputs": {}},
            "pulumi:pulumi:readStackOutputs": {"outputs": self.others.get(name.rpartition("/")[2], {})},
        }
        if args.token not in answers:
            self.unanswered = UnknownCallError(
                f"the program looks up {args.token}, for which a plan has no answer; in extend.py, take what it gives "
                "from stack.aws, or write it down"
            )
            raise self.unanswered
        return {**arguments, "id": args.token, **answers[args.token]}, []

    def resource(self, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the id and the outputs of a resource of `type_`."""
        own_name = _own_name(type_, name, inputs)
        outputs = {**inputs, **({"name": own_name} if type_.startswith("aws:") else {})}
        outputs |= self._additions(type_, name, own_name, inputs)
        if type_ in ARN_PATHS:
            service, path = ARN_PATHS[type_]
            region = "" if service in GLOBAL_SERVICES else self.region
            account = "" if service == "s3" else self.account_id
            outputs["arn"] = f"arn:aws:{service}:{region}:{account}:{path.format(name=own_name)}"
        return _id(type_, name, own_name, inputs), outputs

    def _additions(self, type_: str, name: str, own_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outputs that are no inputs, as far as a program may take them further."""
        balancer = f"{name}-{MADE_AT_UP}.{self.region}.elb.amazonaws.com"
        domain = inputs.get("domainName", name)
        additions: dict[str, dict[str, Any]] = {
            "aws:acm/certificate:Certificate": {
                "domainValidationOptions": [
                    {
                        "domainName": domain,
                        "resourceRecordName": f"_acm-challenge.{domain}.",
                        "resourceRecordType": "CNAME",
                        "resourceRecordValue": f"{MADE_AT_UP}.acm-validations.aws.",
                    }
                ]
            },
            "aws:ec2/eip:Eip": {"publicIp": f"address {MADE_AT_UP}"},
            "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 1, "defaultVersion": 1},
            "aws:ec2/vpc:Vpc": {"defaultSecurityGroupId": f"sg-({name} default, made at up)"},
            CONTROL_PLANE: {
                "endpoint": f"https://{MADE_AT_UP}.{self.region}.eks.amazonaws.com",
                "certificateAuthority": {"data": MADE_AT_UP},
                "vpcConfig": {
                    **inputs.get("vpcConfig", {}),
                    "clusterSecurityGroupId": f"sg-({own_name} made at up)",
                },
            },
            "aws:eks/nodeGroup:NodeGroup": {
                "nodeGroupName": own_name,
                "resources": [{"autoscalingGroups": [{"name": f"eks-{own_name}-{MADE_AT_UP}"}]}],
            },
            "aws:kms/key:Key": {"keyId": f"({name} made at up)"},
            "aws:lb/loadBalancer:LoadBalancer": {"dnsName": balancer, "zoneId": f"(zone of {balancer})"},
            "aws:rds/cluster:Cluster": self._database(name),
            "aws:rds/instance:Instance": self._database(name),
            "aws:route53/record:Record": {"fqdn": inputs.get("name")},
            "aws:s3/bucket:Bucket": {"bucket": own_name},
        }
        return additions.get(type_, {})

    def _database(self, name: str) -> dict[str, Any]:
        host = f"{name}.{MADE_AT_UP}.{self.region}.rds.amazonaws.com"
        secret = f"arn:aws:secretsmanager:{self.region}:{self.account_id}:secret:rds!db-{name}-{MADE_AT_UP}"
        return {
            "address": host,
            "endpoint": host,
            "masterUserSecrets": [{"secretArn": secret, "secretStatus": "active", "kmsKeyId": MADE_AT_UP}],
        }

    def _cluster(self, name: str, arguments: Mapping[str, Any], transforms: Iterable[Any]) -> dict[str, Any]:
        """Return the outputs of `pulumi_eks.Cluster`, after making the control plane inside it."""
        inputs = control_plane_inputs(name, arguments, transforms)
        inner = control_plane_name(name)
        id_, state = self.resource(CONTROL_PLANE, inner, inputs)
        urn = f"urn:pulumi:{self.stack}::{self.project}::{COMPONENT}${CONTROL_PLANE}::{inner}"
        self.inside[name] = MockMonitor.ResourceRegistration(urn, id_, state), inputs
        kubeconfig = {"clusters": [{"name": id_, "cluster": {"server": state["endpoint"]}}]}
        return {
            "eksCluster": {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": urn, "id": id_, "packageVersion": ""},
            "clusterSecurityGroupId": state["vpcConfig"]["clusterSecurityGroupId"],
            "kubeconfig": kubeconfig,
            "kubeconfigJson": json.dumps(kubeconfig),
        }


def _own_name(type_: str, name: str, inputs: Mapping[str, Any]) -> str:
    """Return the name that AWS will know it by: the program's, or one that the engine makes of the logical name."""
    if type_ == "aws:iam/serviceLinkedRole:ServiceLinkedRole":
        return str(inputs["awsServiceName"])
    given = (inputs[key] for key in OWN_NAME_KEYS if isinstance(inputs.get(key), str))
    return next(given, "") or f"{name}-{MADE_AT_UP}"


def _id(type_: str, name: str, own_name: str, inputs: Mapping[str, Any]) -> str:
    if type_ in ID_PREFIXES:
        return f"{ID_PREFIXES[type_]}-({name} made at up)"
    metadata: Mapping[str, Any] = inputs.get("metadata") or {}
    if type_.startswith("kubernetes:") and metadata.get("name"):
        return "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    return own_name


def _filtered(arguments: Mapping[str, Any], name: str) -> list[str]:
    """Return the values that a look-up asks for by one of its filters."""
    filters: list[dict[str, Any]] = arguments.get("filters") or []
    return [value for one in filters if one["name"] == name for value in one["values"]]


def _offers(arguments: Mapping[str, Any]) -> dict[str, Any]:
    types, zones = _filtered(arguments, "instance-type"), _filtered(arguments, "location")
    pairs = [(item, zone) for item in types for zone in zones]
    return {"instanceTypes": [item for item, _ in pairs], "locations": [zone for _, zone in pairs], "locationTypes": []}
