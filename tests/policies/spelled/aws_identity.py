"""IAM: the same rights, by other patterns, in other places, to other holders."""

from __future__ import annotations

import base64
import string
from collections.abc import Iterator, Mapping
from typing import Any

from policies.facts.aws import INSTANCE, LAUNCH_CONFIGURATION, SPOT_REQUEST
from policies.facts.holders import ROLE_ATTACHMENT as ATTACHMENT
from policies.facts.iam import GROUP, GROUP_POLICY, PERMISSION_SET_POLICY, POLICY, ROLE, ROLE_POLICY, USER_POLICY
from tests.policies.spelled.case import ACCOUNT, Case, Part, allow, cases, document, one

EXCLUSIVE = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
LETTERS = string.ascii_lowercase
TRUST = document(allow("sts:AssumeRole", [], Principal={"Service": "ec2.amazonaws.com"}))
NAMED_ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-worker"
NAMED_SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:shop/session-??????"

Parts = tuple[Part, ...]


def _policy(*statements: Mapping[str, Any]) -> Parts:
    return one(ROLE_POLICY, role="{case}", policy=document(*statements))


def _role(**inputs: Any) -> Part:
    return Part(type=ROLE, key="role", inputs={"name": "{case}", "assumeRolePolicy": TRUST, **inputs})


def given_in_every_way(statement: Mapping[str, Any]) -> dict[str, Parts]:
    """The same document at each place where it gives its holder something."""
    written = document(statement)
    managed = Part(type=POLICY, key="policy", inputs={"name": "{case}-boundary", "policy": written})
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{{case}}-boundary"
    bounded = Part(
        type=ROLE,
        key="role",
        inputs={"assumeRolePolicy": TRUST, "permissionsBoundary": arn, "managedPolicyArns": [arn]},
        takes={"permissionsBoundary": "policy", "managedPolicyArns": "policy"},
    )
    return {
        "of a role": _policy(statement),
        "of a user": one(USER_POLICY, user="x", policy=written),
        "of a group": one(GROUP_POLICY, group="x", policy=written),
        "of a permission set": one(PERMISSION_SET_POLICY, instanceArn="x", inlinePolicy=written),
        "inside a role": (_role(inlinePolicies=[{"name": "x", "policy": written}]),),
        "in a managed policy called boundary": (managed,),
        "in a boundary that the role is given too": (managed, bounded),
        "attached": (
            managed,
            _role(),
            Part(
                type=ATTACHMENT, inputs={"policyArn": arn, "role": "x"}, takes={"policyArn": "policy", "role": "role"}
            ),
        ),
        "attached as the only ones": (
            managed,
            _role(),
            Part(type=EXCLUSIVE, inputs={"policyArns": [arn], "roleName": "{case}"}),
        ),
    }


MEANINGLESS = {
    "any user id": {"StringLike": {"aws:userid": "*"}},
    "over TLS": {"Bool": {"aws:SecureTransport": True}},
    "since long ago": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    "not one name": {"StringNotEquals": {"aws:username": "nobody"}},
    "whoever it is": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*"}},
    "himself": {"StringEquals": {"aws:userid": "${aws:userid}"}},
    "if there is one": {"StringEqualsIfExists": {"aws:ResourceTag/shop": "yes"}},
    "all of none": {"ForAllValues:StringEquals": {"aws:TagKeys": ["shop"]}},
    "any tag": {"StringLike": {"aws:ResourceTag/shop": ["a*", "*"]}},
    "in the account": {"StringEquals": {"aws:ResourceAccount": ACCOUNT}},
    "from anywhere": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
}


def _stars() -> dict[str, Parts]:
    conditions = {f"if {name}": _policy(allow("*", Condition=condition)) for name, condition in MEANINGLESS.items()}
    services = ["iam", "ec2", "s3", "kms", "eks", "ecr", "sts", "lambda", "rds", "sqs", "sns", "ssm", "logs", "route53"]
    return {
        **given_in_every_way(allow("*")),
        **conditions,
        "with a colon": _policy(allow("*:*")),
        "twice": _policy(allow(["**"], ["**"])),
        "one sign at least": _policy(allow("?*")),
        "any ARN": _policy(allow("*", "arn:*")),
        "any ARN of each part": _policy(allow("*", "arn:aws:*:*:*:*")),
        "by letters": _policy(allow([f"{letter}*" for letter in LETTERS])),
        "by letters in statements": _policy(*(allow(f"{letter}*") for letter in LETTERS)),
        "by capital letters": _policy(allow([f"{letter.upper()}*" for letter in LETTERS])),
        "service by service": _policy(*(allow(f"{service}:*") for service in services)),
        "all but one": _policy({"Effect": "Allow", "NotAction": "aws-portal:*", "Resource": "*"}),
        "all but one thing": _policy({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}),
        "one statement without a list": one(
            ROLE_POLICY, role="x", policy='{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
        ),
        "as an object": one(ROLE_POLICY, role="x", policy={"Statement": [allow("*")]}),
    }


def _added_up() -> dict[str, Parts]:
    shares = [
        document(allow([f"{letter}*" for letter in letters])) for letters in ("abcde", "fghijklm", "nopqrstuvwxyz")
    ]
    role = _role()
    by_name = (Part(type=ROLE_POLICY, inputs={"role": "{case}", "policy": one}) for one in shares)
    by_output = (Part(type=ROLE_POLICY, inputs={"role": "x", "policy": one}, takes={"role": "role"}) for one in shares)
    managed = Part(type=POLICY, key="policy", inputs={"name": "{case}", "policy": shares[0]})
    inside = [{"name": "x", "policy": shares[1]}]
    written = Part(type=ROLE_POLICY, inputs={"role": "{case}", "policy": shares[2]})
    arn = f"arn:aws:iam::{ACCOUNT}:policy/path/{{case}}"
    return {
        "by name": (role, *by_name),
        "by output": (role, *by_output),
        "inside and attached": (managed, _role(inlinePolicies=inside, managedPolicyArns=[arn]), written),
        "of a group": (
            Part(type=GROUP, key="group", inputs={"name": "{case}"}),
            *(Part(type=GROUP_POLICY, inputs={"group": "{case}", "policy": one}) for one in shares),
        ),
    }


def _passing_roles() -> dict[str, Parts]:
    every_role = f"arn:aws:iam::{ACCOUNT}:role/"
    return {
        **given_in_every_way(allow("iam:PassRole", f"{every_role}*")),
        **{
            f"if {name}": _policy(allow("iam:PassRole", Condition=condition))
            for name, condition in MEANINGLESS.items()
            if "TagKeys" not in str(condition)
        },
        "to some service": _policy(allow("iam:PassRole", Condition={"Null": {"iam:PassedToService": "false"}})),
        "in small letters": _policy(allow("iam:passrole")),
        "in capitals": _policy(allow("IAM:PASSROLE")),
        "with a question mark": _policy(allow("i?m:Pass?ole")),
        "with a star": _policy(allow("iam:Pass*")),
        "to any service": _policy(
            allow("iam:PassRole", Condition={"StringLike": {"iam:PassedToService": "*.amazonaws.com"}})
        ),
        "any account": _policy(allow("iam:PassRole", "arn:aws:iam::*:role/*")),
        "what begins with r": _policy(allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:r*")),
        "any ARN that ends in one": _policy(allow("iam:PassRole", "*:role/?*")),
        "any ARN that ends in a sign": _policy(allow("iam:PassRole", "*role/*?")),
        "names with a hyphen": _policy(allow("iam:PassRole", f"{every_role}*-*")),
        "names with a vowel": _policy(allow("iam:PassRole", [f"{every_role}*{vowel}*" for vowel in "aeiou"])),
        "any path": _policy(allow("iam:PassRole", f"{every_role}*/*")),
        "by letters": _policy(allow("iam:PassRole", [f"{every_role}{sign}*" for sign in LETTERS])),
    }


ESCALATIONS = (
    "iam:AttachRolePolicy",
    "iam:CreatePolicyVersion",
    "iam:CreateAccessKey",
    "iam:UpdateAssumeRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "sts:AssumeRole",
)
WIDE = ("AdministratorAccess", "AdministratorAccess-Amplify", "IAMFullAccess", "PowerUserAccess")


def _attached() -> dict[str, Parts]:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    kinds = {
        "to a role": one(ATTACHMENT, policyArn=arn, role="x"),
        "to anybody": one("aws:iam/policyAttachment:PolicyAttachment", policyArn=arn, users=["x"]),
        "to a user": one("aws:iam/userPolicyAttachment:UserPolicyAttachment", policyArn=arn, user="x"),
        "to a group": one("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", policyArn=arn, group="x"),
        "as the only one": one(EXCLUSIVE, policyArns=[arn], roleName="x"),
        "as the only one of a user": one(
            "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive", policyArns=[arn], userName="x"
        ),
        "as the only one of a group": one(
            "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive", policyArns=[arn], groupName="x"
        ),
        "inside a role": (_role(managedPolicyArns=[arn]),),
        "to a permission set": one(
            "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment", managedPolicyArn=arn, permissionSetArn="x"
        ),
        "in another partition": one(ATTACHMENT, policyArn="arn:aws-us-gov:iam::aws:policy/AdministratorAccess"),
    }
    return kinds | {name: one(ATTACHMENT, policyArn=f"arn:aws:iam::aws:policy/{name}", role="x") for name in WIDE}


COGNITO = "cognito-identity.amazonaws.com"
GITLAB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"
TOKENS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "of any pool": (COGNITO, {"StringLike": {f"{COGNITO}:aud": "eu-central-1:*"}}),
    "of any project": (GITLAB, {"StringLike": {"gitlab.com:sub": "project_path:*"}}),
    "for an audience": (GITLAB, {"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}}),
}


def _federated(issuer: str, condition: Mapping[str, Any]) -> str:
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": issuer},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }
    )


def _trusts() -> dict[str, Parts]:
    spelled: dict[str, Any] = {"star": "*", "AWS": {"AWS": "*"}, "list": {"AWS": ["*", ACCOUNT]}}
    return {
        name: (_role(assumeRolePolicy=document({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"})),)
        for name, who in spelled.items()
    } | {
        "whoever has a token of": (
            _role(
                assumeRolePolicy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                    }
                )
            ),
        ),
        **{f"whoever has a token, {name}": (_role(assumeRolePolicy=_federated(*who)),) for name, who in TOKENS.items()},
        "everybody but one": (
            _role(
                assumeRolePolicy=document(
                    {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
                )
            ),
        ),
    }


def _machines() -> dict[str, Parts]:
    disk = {"encrypted": True}
    return {
        "a machine": one(INSTANCE, rootBlockDevice=disk),
        "a machine that says so": one(
            INSTANCE, rootBlockDevice=disk, metadataOptions={"httpTokens": "optional", "httpEndpoint": "enabled"}
        ),
        "a machine of a template that says otherwise": one(
            INSTANCE, launchTemplate={"id": "lt-1"}, metadataOptions={"httpTokens": "optional"}
        ),
        "a spot request": one(SPOT_REQUEST, rootBlockDevice=disk),
        "a launch configuration": one(LAUNCH_CONFIGURATION, rootBlockDevice=disk),
        "the account's default": one(
            "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", httpTokens="optional"
        ),
    }


def dangers() -> Iterator[Case]:
    star = {"policy-allows-no-star"}
    yield from cases("every action", star, _stars())
    yield from cases("every action together", {"policies-add-up-to-no-star"}, _added_up())
    yield from cases(
        "a whole service",
        {"policy-allows-no-whole-service"},
        {
            "as written": _policy(allow("s3:*", "arn:aws:s3:::shop/*")),
            "in capitals": _policy(allow("S3:*", "arn:aws:s3:::shop/*")),
            "with a question mark": _policy(allow("s?:*", "arn:aws:s3:::shop/*")),
            "one sign at least": _policy(allow("s3:?*", "arn:aws:s3:::shop/*")),
            "by letters": _policy(allow([f"s3:{letter}*" for letter in LETTERS], "arn:aws:s3:::shop/*")),
            "every service": _policy(allow("*", "arn:aws:s3:::shop/*")),
        },
    )
    yield from cases("passing roles", {"policy-escalates-nowhere"}, _passing_roles())
    for action in ESCALATIONS:
        yield from cases(action, {"policy-escalates-nowhere"}, {"anywhere": _policy(allow(action))})
    administrator = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}}
    yield from cases(
        "attaching an administrator's policy",
        {"policy-escalates-nowhere"},
        {
            "only that": _policy(allow("iam:AttachRolePolicy", Condition=administrator)),
            "among all of AWS": _policy(
                allow("iam:AttachRolePolicy", Condition={"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/*"}})
            ),
            "by its beginning": _policy(
                allow("iam:AttachRolePolicy", Condition={"ArnLike": {"iam:PolicyARN": "arn:*:iam::aws:policy/Admin*"}})
            ),
        },
    )
    yield from cases(
        "reading secrets",
        {"policy-reads-named-data"},
        {
            "anywhere": _policy(allow("secretsmanager:GetSecretValue")),
            "with a star": _policy(allow("secretsmanager:Get*", "arn:aws:secretsmanager:*:*:secret:*")),
            "of the account": _policy(
                allow("SecretsManager:getSecretValue", f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:*")
            ),
            "parameters": _policy(allow("ssm:GetParameter*", "arn:aws:ssm:*:*:parameter/*")),
            "objects": _policy(allow("s3:GetObject", "arn:aws:s3:::*/*")),
            "earlier parameters": _policy(allow("ssm:GetParameterHistory")),
            "earlier objects": _policy(allow("s3:GetObjectVersion", "arn:aws:s3:::*/*")),
            "rows": _policy(allow("dynamodb:Query")),
            "over TLS": _policy(allow("s3:Get*", Condition={"Bool": {"aws:SecureTransport": "true"}})),
        },
    )
    yield from cases(
        "decrypting",
        {"policy-decrypts-with-named-keys"},
        {
            "anywhere": _policy(allow("kms:Decrypt")),
            "any key": _policy(allow("kms:D*", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/*")),
            "any key of anybody": _policy(allow("KMS:decrypt", "arn:aws:kms:*:*:key/*")),
            "any alias": _policy(allow("kms:Decrypt", Condition={"StringLike": {"kms:ResourceAliases": "*"}})),
        },
    )
    yield from cases("an administrator's policy", {"no-administrator-is-attached"}, _attached())
    yield from cases("trusting anybody", {"role-trusts-somebody"}, _trusts())
    yield from cases(
        "a standing credential",
        {"no-standing-credentials"},
        {
            "key": one("aws:iam/accessKey:AccessKey", user="x"),
            "password": one("aws:iam/userLoginProfile:UserLoginProfile", user="x"),
            "password of a service": one(
                "aws:iam/serviceSpecificCredential:ServiceSpecificCredential", userName="x", serviceName="x"
            ),
            "ssh key": one("aws:iam/sshKey:SshKey", username="x", encoding="SSH", publicKey="x"),
        },
    )
    loosened = "#!/bin/bash\n/etc/eks/bootstrap.sh x --kubelet-extra-args '--anonymous-auth=true'"
    yield from cases(
        "an open kubelet",
        {"kubelet-is-not-loosened"},
        {
            "of a machine": one(INSTANCE, metadataOptions={"httpTokens": "required"}, userData=loosened),
            "of a configuration": one(
                LAUNCH_CONFIGURATION, userDataBase64=base64.b64encode(loosened.encode()).decode()
            ),
        },
    )
    yield from cases("metadata without a token", {"node-metadata-needs-a-token"}, _machines())


def harmless() -> Iterator[Case]:
    yield from cases(
        "a policy",
        set(),
        {
            "that reads": _policy(allow(["ec2:Describe*", "s3:List*"])),
            "for one role": _policy(allow("iam:PassRole", NAMED_ROLE)),
            "for roles of one path": _policy(allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/shop/*")),
            "for roles of one prefix": _policy(allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/shop-*")),
            "for one service": _policy(
                allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})
            ),
            "for one secret": _policy(allow("secretsmanager:GetSecretValue", NAMED_SECRET)),
            "for one bucket": _policy(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::shop/*")),
            "for buckets of one prefix": _policy(allow("s3:GetObject", "arn:aws:s3:::shop-*/*")),
            "for one key": _policy(allow("kms:Decrypt", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/one")),
            "for keys of one service": _policy(
                allow("kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}})
            ),
            "for what is being made": _policy(
                allow("ec2:CreateTags", Condition={"Null": {"ec2:CreateAction": "false"}})
            ),
            "for attaching what is one's own": _policy(
                allow(
                    "iam:AttachRolePolicy",
                    Condition={"ArnLike": {"iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/shop-*"}},
                )
            ),
            "for attaching what reads": _policy(
                allow(
                    "iam:AttachRolePolicy",
                    Condition={"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/SecurityAudit"}},
                )
            ),
            "for roles whose names end alike": _policy(allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/*-shop")),
            "for what has a tag": _policy(
                allow("ec2:DeleteVolume", Condition={"StringEquals": {"aws:ResourceTag/cluster": "shop"}})
            ),
            "for what has the caller's tag": _policy(
                allow(
                    "ec2:DeleteVolume", Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
                )
            ),
            "for tags of one prefix": _policy(
                allow("ec2:DeleteVolume", Condition={"StringLike": {"aws:ResourceTag/team": "shop-*"}})
            ),
            "of several verbs": _policy(
                allow(["sqs:SendMessage", "sqs:ReceiveMessage"], f"arn:aws:sqs:eu-central-1:{ACCOUNT}:shop")
            ),
            "that denies everything": _policy({"Effect": "Deny", "Action": "*", "Resource": "*"}),
            "that denies all but a few": _policy({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}),
            "for one queue of a role of a permission set": one(
                PERMISSION_SET_POLICY,
                instanceArn="x",
                inlinePolicy=document(allow("sqs:SendMessage", f"arn:aws:sqs:eu-central-1:{ACCOUNT}:shop")),
            ),
            "called boundary for one bucket": one(
                POLICY, name="x-boundary", policy=document(allow("s3:GetObject", "arn:aws:s3:::shop/*"))
            ),
            "for log groups of one name": _policy(
                allow("logs:PutLogEvents", f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/shop/*")
            ),
            "for parameters of one path": _policy(
                allow("ssm:GetParameter", f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/shop/*")
            ),
        },
    )
    bounding = document(allow("*"))
    yield from cases(
        "a boundary",
        set(),
        {
            name: (
                Part(type=POLICY, key="policy", inputs={"name": called, "policy": bounding}),
                Part(type=ROLE, inputs={"assumeRolePolicy": TRUST, "permissionsBoundary": arn}, takes=takes),
            )
            for name, called, arn, takes in (
                ("by output", "{case}", "x", {"permissionsBoundary": "policy"}),
                ("by name", "{case}", f"arn:aws:iam::{ACCOUNT}:policy/{{case}}", {}),
            )
        },
    )
    yield from cases(
        "attached",
        set(),
        {
            name: one(ATTACHMENT, policyArn=f"arn:aws:iam::aws:policy/{name}", role="x")
            for name in (
                "AmazonEKSClusterPolicy",
                "AmazonEKS_CNI_Policy",
                "AmazonEC2ContainerRegistryPullOnly",
                "AmazonSSMManagedInstanceCore",
                "ReadOnlyAccess",
                "SecurityAudit",
                "service-role/AmazonEBSCSIDriverPolicy",
            )
        },
    )
    yield from cases(
        "trust",
        set(),
        {
            "in a service": (_role(),),
            "in an app of Cognito": (
                _role(
                    assumeRolePolicy=document(
                        {
                            "Effect": "Allow",
                            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                            "Action": "sts:AssumeRoleWithWebIdentity",
                            "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-central-1:x"}},
                        }
                    )
                ),
            ),
            "in a project": (
                _role(
                    assumeRolePolicy=_federated(GITLAB, {"StringLike": {"gitlab.com:sub": "project_path:shop/web:*"}})
                ),
            ),
            "in a project of one's own issuer": (
                _role(
                    assumeRolePolicy=_federated(
                        f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com",
                        {"StringEquals": {"id.example.com:aud": "shop"}},
                    )
                ),
            ),
            "in an account": (
                _role(
                    assumeRolePolicy=document(
                        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
                    )
                ),
            ),
            "denied to everybody": (
                _role(
                    assumeRolePolicy=document(
                        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"},
                        {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"},
                    )
                ),
            ),
        },
    )
    tokens = {"httpTokens": "required"}
    yield from cases(
        "a machine",
        set(),
        {
            "with tokens": one(INSTANCE, metadataOptions=tokens, rootBlockDevice={"encrypted": True}),
            "without metadata": one(
                INSTANCE, metadataOptions={"httpEndpoint": "disabled"}, rootBlockDevice={"encrypted": True}
            ),
            "of a template": one(INSTANCE, launchTemplate={"id": "lt-1"}),
            "of a spot request": one(SPOT_REQUEST, metadataOptions=tokens, rootBlockDevice={"encrypted": True}),
            "of a configuration": one(
                LAUNCH_CONFIGURATION, metadataOptions=tokens, rootBlockDevice={"encrypted": "true"}
            ),
        },
    )
