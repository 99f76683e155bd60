"""AWS: resource policies, networks, disks and TLS in other words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.facts.aws import (
    CLUSTER,
    INGRESS_RULE,
    INSTANCE,
    KEY,
    LAUNCH_CONFIGURATION,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
from policies.families.load_balancing import LISTENERS
from policies.families.network import EGRESS_RULE, PREFIX_LIST, PREFIX_LIST_ENTRY
from policies.families.secrets_and_storage import BUCKET_POLICY, KEY_POLICY, REPOSITORY_POLICY
from tests.policies.spelled.case import ACCOUNT, Case, Part, cases, document, one

Parts = tuple[Part, ...]

ANYBODY: dict[str, dict[str, Any]] = {
    "a star": {"Principal": "*"},
    "any of AWS": {"Principal": {"AWS": "*"}},
    "a list": {"Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "*"]}},
    "everybody but one": {"NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
    "over TLS": {"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    "any user id": {"Principal": "*", "Condition": {"StringLike": {"aws:userid": "*"}}},
    "any role's id": {"Principal": "*", "Condition": {"StringLike": {"aws:userid": "AROA*"}}},
    "any account": {"Principal": "*", "Condition": {"StringLike": {"aws:SourceAccount": "????????????"}}},
    "any organisation": {"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}},
    "any source": {"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}},
    "himself": {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalArn": "${aws:PrincipalArn}"}}},
    "not one account": {"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}},
    "one account, if any": {"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}},
    "halves of the internet": {
        "Principal": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    },
    "a prefix": {"Principal": "*", "Condition": {"StringEquals": {"s3:prefix": "shop/"}}},
}
SOMEBODY: dict[str, dict[str, Any]] = {
    "an account": {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
    "a service": {"Principal": {"Service": "cloudfront.amazonaws.com"}},
    "an organisation": {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}},
    "an account of callers": {"Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}}},
    "a source": {"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}}},
    "a bucket": {"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:shop-uploads"}}},
    "an endpoint": {"Principal": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}},
    "an office": {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
    "a role's sessions": {"Principal": "*", "Condition": {"StringLike": {"aws:userid": "AROAEXAMPLEID12345678:*"}}},
}
PUBLIC = {"resource-policy-names-callers"}


def _statement(who: Mapping[str, Any], action: str = "*") -> str:
    return document({"Effect": "Allow", "Action": action, "Resource": "*", **who})


def _escaped(written: str) -> str:
    """The same JSON, with the names of its elements in escapes."""
    for name in ("Statement", "Principal"):
        written = written.replace(f'"{name}"', '"' + "".join(f"\\u{ord(sign):04x}" for sign in name) + '"')
    return written


def _holders(who: Mapping[str, Any]) -> dict[str, Parts]:
    """The same policy at each resource that takes one."""
    policy = _statement(who)
    return {
        "a bucket policy": one(BUCKET_POLICY, bucket="x", policy=policy),
        "a bucket": one("aws:s3/bucketV2:BucketV2", policy=policy),
        "an access point": one("aws:s3/accessPoint:AccessPoint", bucket="x", policy=policy),
        "a multi-region access point": one(
            "aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy",
            details={"name": "x", "policy": policy},
        ),
        "a secret's policy": one("aws:secretsmanager/secretPolicy:SecretPolicy", secretArn="x", policy=policy),
        "a secret": one("aws:secretsmanager/secret:Secret", policy=policy),
        "a queue": one("aws:sqs/queue:Queue", policy=policy),
        "a queue's policy": one("aws:sqs/queuePolicy:QueuePolicy", queueUrl="x", policy=policy),
        "a topic": one("aws:sns/topic:Topic", policy=policy),
        "a topic's policy": one("aws:sns/topicPolicy:TopicPolicy", arn="x", policy=policy),
        "a registry": one("aws:ecr/registryPolicy:RegistryPolicy", policy=policy),
        "a file system": one("aws:efs/fileSystemPolicy:FileSystemPolicy", fileSystemId="x", policy=policy),
        "an event bus": one("aws:cloudwatch/eventBusPolicy:EventBusPolicy", policy=policy),
        "a search domain": one("aws:opensearch/domainPolicy:DomainPolicy", domainName="x", accessPolicies=policy),
        "a vault": one("aws:backup/vaultPolicy:VaultPolicy", backupVaultName="x", policy=policy),
        "a table": one("aws:dynamodb/resourcePolicy:ResourcePolicy", resourceArn="x", policy=policy),
    }


HALVES = {
    "all of it": ["0.0.0.0/0"],
    "halves": ["0.0.0.0/1", "128.0.0.0/1"],
    "quarters": ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"],
    "eighths of which one is left out": [f"{first}.0.0.0/3" for first in range(0, 224, 32)],
    "blocks of an organisation": [f"{first}.0.0.0/8" for first in range(11, 100)],
    "with host bits": ["1.2.3.4/0"],
}
HALVES_6 = {
    "all of it": ["::/0"],
    "all that is handed out": ["2000::/3"],
    "halves": ["::/1", "8000::/1"],
    "written out": ["0000:0000:0000:0000:0000:0000:0000:0000/0"],
    "halves of what is handed out": ["2000::/4", "3000::/4"],
}
FEW = {
    "private": ["10.0.0.0/8"],
    "private in parts": ["10.0.0.0/9", "10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16"],
    "an office": ["192.0.2.0/24"],
    "a provider": ["198.51.0.0/16", "203.0.112.0/20"],
    "an organisation": ["18.0.0.0/8"],
}
SSH = {"fromPort": 22, "toPort": 22}


def _opened(networks: list[str], networks_6: list[str], ports: Mapping[str, int]) -> dict[str, Parts]:
    rule = {"protocol": "tcp", "description": "x", **ports}
    both = {"cidrBlocks": networks, "ipv6CidrBlocks": networks_6}
    kinds: dict[str, Parts] = {
        "in a group": one(SECURITY_GROUP, description="x", ingress=[{**rule, **both}]),
        "in a rule": one(SECURITY_GROUP_RULE, type="ingress", securityGroupId="{case}", **rule, **both),
        "in single rules": tuple(
            Part(
                type=INGRESS_RULE,
                inputs={"ipProtocol": "tcp", "description": "x", "securityGroupId": "{case}", key: block, **ports},
            )
            for key, blocks in (("cidrIpv4", networks), ("cidrIpv6", networks_6))
            for block in blocks
        ),
        "in several of a group": one(
            SECURITY_GROUP,
            description="x",
            ingress=[
                {**rule, key: [block]}
                for key, blocks in (("cidrBlocks", networks), ("ipv6CidrBlocks", networks_6))
                for block in blocks
            ],
        ),
    }
    return kinds


def _listed(networks: list[str], ports: Mapping[str, int]) -> dict[str, Parts]:
    entries = [{"cidr": block} for block in networks]
    rule = {"ipProtocol": "tcp", "description": "x", "prefixListId": "pl-1", **ports}
    named = Part(type=INGRESS_RULE, inputs=rule, takes={"prefixListId": "list"})
    inline = {"protocol": "tcp", "description": "x", "prefixListIds": ["pl-1"], **ports}
    listed = Part(type=PREFIX_LIST, key="list", inputs={"addressFamily": "IPv4", "entries": entries})
    return {
        "by a list": (listed, named),
        "by a list with entries of their own": (
            Part(type=PREFIX_LIST, key="list", inputs={"addressFamily": "IPv4"}),
            *(
                Part(type=PREFIX_LIST_ENTRY, inputs={"cidr": block}, takes={"prefixListId": "list"})
                for block in networks
            ),
            named,
        ),
        "by a list in a group": (
            listed,
            Part(type=SECURITY_GROUP, inputs={"description": "x", "ingress": [inline]}, takes={"ingress": "list"}),
        ),
    }


def _endpoint(networks: list[str]) -> Parts:
    return one(CLUSTER, vpcConfig={"endpointPrivateAccess": True, "publicAccessCidrs": networks})


UNENCRYPTED: dict[str, Parts] = {
    "a disk": one("aws:ebs/volume:Volume", availabilityZone="x", size=1),
    "a disk that says so": one("aws:ebs/volume:Volume", availabilityZone="x", size=1, encrypted=False),
    "a copy of a snapshot": one("aws:ebs/snapshotCopy:SnapshotCopy", sourceSnapshotId="x"),
    "a copy of an image": one("aws:ec2/amiCopy:AmiCopy", sourceAmiId="x"),
    "a file system": one("aws:efs/fileSystem:FileSystem"),
    "a database": one("aws:rds/instance:Instance", engine="postgres"),
    "a cluster of databases": one("aws:rds/cluster:Cluster", engine="aurora"),
    "a document database": one("aws:docdb/cluster:Cluster"),
    "a cache": one("aws:elasticache/replicationGroup:ReplicationGroup", description="x"),
    "a search domain": one("aws:opensearch/domain:Domain", encryptAtRest={"enabled": False}),
    "the account's default": one("aws:ebs/encryptionByDefault:EncryptionByDefault", enabled=False),
}
TOKENS = {"httpTokens": "required"}
UNENCRYPTED_MACHINES: dict[str, Parts] = {
    "its root": one(INSTANCE, metadataOptions=TOKENS),
    "another disk": one(
        INSTANCE, metadataOptions=TOKENS, rootBlockDevice={"encrypted": True}, ebsBlockDevices=[{"deviceName": "x"}]
    ),
    "a configuration's": one(LAUNCH_CONFIGURATION, metadataOptions=TOKENS, rootBlockDevice={"volumeSize": 8}),
}
OLD_TLS = (
    "2016-08",
    "2015-05",
    "TLS-1-0-2015-04",
    "TLS-1-1-2017-01",
    "FS-2018-06",
    "FS-1-1-2019-08",
    "TLS13-1-1-2021-06",
)
NEW_TLS = ("FS-1-2-2019-08", "FS-1-2-Res-2019-08", "FS-1-2-Res-2020-10", "TLS-1-2-Ext-2018-06", "TLS13-1-3-2021-06")


def _listener(policy: str) -> Parts:
    return one(LISTENERS[0], protocol="HTTPS", sslPolicy=f"ELBSecurityPolicy-{policy}", certificateArn="x")


def dangers() -> Iterator[Case]:
    anybody = ANYBODY["any of AWS"]
    yield from cases("open to anybody", PUBLIC, _holders(anybody))
    yield from cases(
        "a queue for anybody",
        PUBLIC,
        {name: one("aws:sqs/queue:Queue", policy=_statement(who)) for name, who in ANYBODY.items()}
        | {
            "in other signs": one("aws:sqs/queue:Queue", policy=_escaped(_statement(anybody))),
            "as an object": one("aws:sqs/queue:Queue", policy=json.loads(_statement(anybody))),
        },
    )
    yield from cases(
        "a key for anybody",
        {"key-trusts-somebody"},
        {name: one(KEY_POLICY, keyId="x", policy=_statement(who)) for name, who in ANYBODY.items()}
        | {"of the key": one(KEY, policy=_statement(anybody))},
    )
    yield from cases(
        "a registry for anybody",
        {"registry-is-private"},
        {
            name: one(REPOSITORY_POLICY, repository="x", policy=_statement(ANYBODY[name]))
            for name in ("a star", "over TLS", "any user id")
        },
    )
    yield from cases(
        "a function for anybody",
        PUBLIC,
        {
            "at all": one("aws:lambda/permission:Permission", principal="*", action="lambda:InvokeFunction"),
            "from anywhere": one(
                "aws:lambda/permission:Permission", principal="*", action="lambda:*", sourceArn="arn:aws:s3:*:*:*"
            ),
        },
    )
    everyone = {"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AllUsers"}
    yield from cases(
        "public without a policy",
        PUBLIC,
        {
            "a bucket": one("aws:s3/bucketV2:BucketV2", acl="public-read-write"),
            "a bucket's list": one("aws:s3/bucketAcl:BucketAcl", bucket="x", acl="authenticated-read"),
            "a bucket's grant": one(
                "aws:s3/bucketAclV2:BucketAclV2",
                bucket="x",
                accessControlPolicy={"grants": [{"grantee": everyone, "permission": "READ"}]},
            ),
            "an object": one("aws:s3/bucketObjectv2:BucketObjectv2", bucket="x", acl="public-read"),
            "a function's address": one("aws:lambda/functionUrl:FunctionUrl", authorizationType="NONE"),
            "an image": one("aws:ec2/amiLaunchPermission:AmiLaunchPermission", imageId="x", group="all"),
            "a disk's copy": one(
                "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission", snapshotId="x", accountId="all"
            ),
            "a layer of functions": one(
                "aws:lambda/layerVersionPermission:LayerVersionPermission",
                layerName="x",
                principal="*",
                action="lambda:GetLayerVersion",
            ),
            "a document of commands": one(
                "aws:ssm/document:Document",
                documentType="Command",
                content="{}",
                permissions={"type": "Share", "account_ids": "All"},
            ),
            "a database's copy": one("aws:rds/snapshot:Snapshot", dbInstanceIdentifier="x", sharedAccounts=["all"]),
        },
    )
    admin, web = {"security-group-opens-no-admin-port"}, {"security-group-opens-only-web-ports"}
    for name, networks in HALVES.items():
        yield from cases(f"ssh for {name}", admin, _opened(networks, [], SSH))
    for name, networks in HALVES_6.items():
        yield from cases(f"ssh for IPv6, {name}", admin, _opened([], networks, SSH))
    yield from cases("ssh for halves", admin, _listed(HALVES["halves"], SSH))
    yield from cases(
        "ssh among other ports",
        admin,
        {
            "of blocks of an organisation": one(
                SECURITY_GROUP,
                description="x",
                ingress=[
                    {"protocol": "tcp", "fromPort": 22 - index % 9, "toPort": 22 + index % 7, "cidrBlocks": [block]}
                    for index, block in enumerate(HALVES["blocks of an organisation"])
                ],
            )
        },
    )
    database = {"fromPort": 5432, "toPort": 5432}
    yield from cases("a database for halves", web, _opened(HALVES["halves"], [], database))
    yield from cases("a database for IPv6", web, _opened([], ["2000::/3"], database))
    yield from cases("everything for halves", admin, _opened(HALVES["halves"], [], {"fromPort": 0, "toPort": 65535}))
    yield from cases(
        "everything out",
        {"security-group-limits-egress"},
        {
            name: tuple(
                Part(
                    type=EGRESS_RULE,
                    inputs={"ipProtocol": "-1", "cidrIpv4": block, "securityGroupId": "{case}", "description": "x"},
                )
                for block in networks
            )
            for name, networks in HALVES.items()
        },
    )
    api = {"cluster-endpoint-is-not-open-to-the-world"}
    yield from cases("the API server", api, {name: _endpoint(networks) for name, networks in HALVES.items()})
    yield from cases("the API server, IPv6", api, {name: _endpoint(networks) for name, networks in HALVES_6.items()})
    yield from cases("unencrypted", {"storage-is-encrypted"}, UNENCRYPTED)
    yield from cases("a machine's disk", {"machine-disks-are-encrypted"}, UNENCRYPTED_MACHINES)
    yield from cases(
        "past the pack",
        {"nothing-goes-past-the-pack"},
        {
            "by a template": one("aws:cloudformation/stack:Stack", templateBody="{}"),
            "by another provider": one("aws:cloudcontrol/resource:Resource", typeName="x", desiredState="{}"),
            "by a command": one("command:local:Command", create="aws iam create-user --user-name x"),
            "by code": one("pulumi-python:dynamic:Resource", __provider="x"),
            "by code under a name": one("pulumi-nodejs:dynamic/shop:User", __provider="x"),
            "by AWS's own provider": one("aws-native:iam:Role", assumeRolePolicyDocument={"Statement": []}),
            "by a provider of somebody else": one("awscc:iam/role:Role", roleName="x"),
        },
    )
    yield from cases("old TLS", {"listener-speaks-modern-tls"}, {name: _listener(name) for name in OLD_TLS})


def harmless() -> Iterator[Case]:
    yield from cases(
        "a bucket for somebody", set(), {n: _holders(who)["a bucket policy"] for n, who in SOMEBODY.items()}
    )
    yield from cases(
        "a key for somebody",
        set(),
        {name: one(KEY_POLICY, keyId="x", policy=_statement(who)) for name, who in SOMEBODY.items()},
    )
    yield from cases(
        "what denies",
        set(),
        {
            "without TLS": one(
                BUCKET_POLICY,
                bucket="x",
                policy=document(
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {"Bool": {"aws:SecureTransport": False}},
                    }
                ),
            ),
            "all but an account": one(
                "aws:sqs/queue:Queue",
                policy=document({"Effect": "Deny", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "*", "Resource": "*"}),
            ),
            "an endpoint": one(
                "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy", policy=_statement({"Principal": "*"}, "s3:GetObject")
            ),
        },
    )
    yield from cases(
        "a function",
        set(),
        {
            "for a service": one("aws:lambda/permission:Permission", principal="s3.amazonaws.com", action="x"),
            "for an organisation": one(
                "aws:lambda/permission:Permission", principal="*", action="x", principalOrgId="o-a1b2c3d4e5"
            ),
        },
    )
    yield from cases(
        "private without a policy",
        set(),
        {
            "a bucket": one("aws:s3/bucketV2:BucketV2", acl="private"),
            "a bucket's list": one("aws:s3/bucketAcl:BucketAcl", bucket="x", acl="log-delivery-write"),
            "a function's address": one("aws:lambda/functionUrl:FunctionUrl", authorizationType="AWS_IAM"),
            "an image": one("aws:ec2/amiLaunchPermission:AmiLaunchPermission", imageId="x", accountId=ACCOUNT),
            "a disk's copy": one(
                "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission",
                snapshotId="x",
                accountId=ACCOUNT,
            ),
            "a layer of functions": one(
                "aws:lambda/layerVersionPermission:LayerVersionPermission",
                layerName="x",
                principal="*",
                action="lambda:GetLayerVersion",
                organizationId="o-a1b2c3d4e5",
            ),
            "a document of commands": one(
                "aws:ssm/document:Document",
                documentType="Command",
                content="{}",
                permissions={"type": "Share", "account_ids": ACCOUNT},
            ),
        },
    )
    for name, networks in FEW.items():
        yield from cases(f"ssh for {name}", set(), _opened(networks, ["fd00::/8"], SSH))
    yield from cases("ssh for a company's IPv6", set(), _opened([], ["2001:db8::/32"], SSH))
    yield from cases("ssh for a list", set(), _listed(FEW["an office"], SSH))
    yield from cases("the API server", set(), {name: _endpoint(networks) for name, networks in FEW.items()})
    yield from cases(
        "encrypted",
        set(),
        {
            "a disk": one("aws:ebs/volume:Volume", availabilityZone="x", size=1, encrypted=True),
            "a database": one("aws:rds/instance:Instance", engine="postgres", storageEncrypted=True),
            "a copy of a database": one("aws:rds/instance:Instance", replicateSourceDb="x"),
            "a search domain": one("aws:opensearch/domain:Domain", encryptAtRest={"enabled": True}),
            "the account's default": one("aws:ebs/encryptionByDefault:EncryptionByDefault", enabled=True),
        },
    )
    yield from cases("new TLS", set(), {name: _listener(name) for name in NEW_TLS})
