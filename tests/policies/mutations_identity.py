from __future__ import annotations

from policies.facts.aws import ADDON
from policies.facts.holders import ROLE_ATTACHMENT
from policies.facts.iam import POLICY, ROLE, ROLE_POLICY, USER
from policies.families.identity import ACCESS_KEY, POD_IDENTITY
from tests.policies.changes import Change, drop_in_json, make, put, put_in_json, remove, statement
from tests.policies.harness import Draft, Mutation

ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
PROVIDER = f"arn:aws:iam::777788889999:oidc-provider/{ISSUER}"
GITHUB = "token.actions.githubusercontent.com"


def _policy(**keys: object) -> Change:
    return make(ROLE_POLICY, {"role": "elsewhere", "policy": statement(**keys)})


def _irsa(conditions: dict[str, dict[str, object]]) -> Change:
    keys = {"Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": conditions}
    return make(ROLE, {"assumeRolePolicy": statement(**keys)})


def _github(conditions: dict[str, dict[str, object]]) -> Change:
    principal = {"Federated": f"arn:aws:iam::777788889999:oidc-provider/{GITHUB}"}
    keys = {"Principal": principal, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": conditions}
    return make(ROLE, {"assumeRolePolicy": statement(**keys)})


def _github_that_writes(conditions: dict[str, dict[str, object]]) -> Change:
    def change(draft: Draft) -> None:
        principal = {"Federated": f"arn:aws:iam::777788889999:oidc-provider/{GITHUB}"}
        keys = {"Principal": principal, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": conditions}
        role = draft.add(ROLE, "pipeline", {"assumeRolePolicy": statement(**keys)})
        document = statement(Action=["sqs:SendMessage"], Resource="arn:aws:sqs:eu-central-1:777788889999:queue")
        draft.add(ROLE_POLICY, "pipeline", {"role": "x", "policy": document}, takes={"role": role})

    return change


def _add_up(draft: Draft) -> None:
    role = draft.get(ROLE, "app-web")
    for letters in ("abcde", "fghijklm", "nopqrstuvwxyz"):
        document = statement(Action=[f"{letter}*" for letter in letters], Resource="*")
        draft.add(ROLE_POLICY, f"share-{letters}", {"role": "x", "policy": document}, takes={"role": role})


def _attach_a_boundary(draft: Draft) -> None:
    document = statement(Action="s3:GetObject", Resource="arn:aws:s3:::bucket/*")
    bounding = draft.add(POLICY, "bounding", {"name": "team", "policy": document})
    draft.get(ROLE, "app-web").property_dependencies["permissionsBoundary"] = {bounding.urn}
    draft.add(ROLE_ATTACHMENT, "bounding", {"policyArn": "x", "role": "y"}, takes={"policyArn": bounding})


def _attach_a_boundary_of_others(draft: Draft) -> None:
    arn = "arn:aws:iam::777788889999:policy/team"
    draft.of(ROLE, "app-web")["permissionsBoundary"] = arn
    draft.add(ROLE_ATTACHMENT, "team", {"policyArn": arn, "role": "x"})


def _attach_cni_to_nodes(draft: Draft) -> None:
    role = draft.get(ROLE, "node")
    policy = {"policyArn": "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy", "role": "node"}
    draft.add(ROLE_ATTACHMENT, "cni", policy, takes={"role": role})


def _share_a_role(draft: Draft) -> None:
    role = draft.get(ROLE, "app-web")
    inputs = {"namespace": "apps", "serviceAccount": "worker", "clusterName": "nightowl-prod", "roleArn": "x"}
    draft.add(POD_IDENTITY, "worker", inputs, takes={"roleArn": role})


IDENTITY = [
    Mutation("policy-allows-no-star", _policy(Action="*", Resource="*")),
    Mutation(
        "policy-allows-no-star",
        put(
            ROLE,
            [{"name": "all", "policy": statement(Action=["*:*"], Resource=["*"])}],
            "inlinePolicies",
            name="app-web",
        ),
        id="inline",
    ),
    Mutation(
        "policies-add-up-to-no-star",
        _add_up,
        also=(
            "autoscaler-resizes-only-its-cluster",
            "controller-registers-only-its-targets",
            "policy-allows-no-whole-service",
            "policy-decrypts-with-named-keys",
            "policy-escalates-nowhere",
            "policy-reads-named-data",
        ),
    ),
    Mutation("policy-allows-no-whole-service", _policy(Action=["sqs:*"], Resource="arn:aws:sqs:::queue")),
    Mutation(
        "no-administrator-is-attached",
        make(ROLE_ATTACHMENT, {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess", "role": "x"}),
    ),
    Mutation("policy-escalates-nowhere", _policy(Action="iam:PassRole", Resource="*")),
    Mutation("policy-escalates-nowhere", _policy(Action=["iam:AttachRolePolicy"], Resource=["*"]), id="attach"),
    Mutation("policy-reads-named-data", _policy(Action="secretsmanager:GetSecretValue", Resource="*")),
    Mutation("policy-decrypts-with-named-keys", _policy(Action="kms:Decrypt", Resource="*")),
    Mutation("policy-constrains-writes", _policy(Action=["ec2:DescribeVolumes", "ec2:DeleteVolume"], Resource="*")),
    Mutation("policy-says-what-it-means", _policy(NotAction=["iam:*"], Resource="arn:aws:s3:::bucket")),
    Mutation(
        "role-trusts-somebody",
        make(ROLE, {"assumeRolePolicy": statement(Principal={"AWS": "*"}, Action="sts:AssumeRole")}),
    ),
    Mutation(
        "irsa-role-trusts-one-service-account",
        _irsa(
            {
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{ISSUER}:sub": "system:serviceaccount:apps:*"},
            }
        ),
    ),
    Mutation(
        "irsa-role-trusts-one-service-account",
        _irsa({"StringEquals": {f"{ISSUER}:sub": "system:serviceaccount:apps:web"}}),
        id="audience",
    ),
    Mutation(
        "pod-identity-role-is-not-lent",
        drop_in_json(
            ROLE, "assumeRolePolicy", "Statement", 0, "Condition", "StringEquals", "aws:SourceAccount", name="app-web"
        ),
    ),
    Mutation(
        "pod-identity-role-is-not-lent",
        put_in_json(ROLE, ["sts:AssumeRole"], "assumeRolePolicy", "Statement", 0, "Action", name="app-web"),
        id="session",
    ),
    *[
        Mutation(
            "github-role-trusts-one-workflow",
            _github_that_writes(
                {
                    "StringEquals": {
                        f"{GITHUB}:aud": "sts.amazonaws.com",
                        f"{GITHUB}:sub": subject,
                        f"{GITHUB}:repository_id": "34",
                    }
                }
            ),
            id=name,
        )
        for name, subject in {
            "organisation": "repo:acme/*",
            "repository": "repo:acme/shop:*",
            "pull-request": "repo:acme/shop:pull_request",
        }.items()
    ],
    Mutation(
        "github-role-trusts-one-workflow",
        _github({"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:repository_id": "34"}}),
        id="no-subject",
    ),
    Mutation(
        "github-role-trusts-one-workflow",
        _github(
            {
                "StringEquals": {
                    f"{GITHUB}:sub": "repo:acme@12/shop@34:environment:prod",
                    f"{GITHUB}:repository_id": "34",
                }
            }
        ),
        id="no-audience",
    ),
    Mutation(
        "github-role-asks-for-the-repository-id",
        _github(
            {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": "repo:acme/shop:environment:prod"}}
        ),
    ),
    Mutation("boundary-is-attached-to-nobody", _attach_a_boundary),
    Mutation("boundary-is-attached-to-nobody", _attach_a_boundary_of_others, id="by-arn"),
    Mutation("no-standing-credentials", make(USER, {"name": "pipeline"})),
    Mutation("no-standing-credentials", make(ACCESS_KEY, {"user": "pipeline"}), id="key"),
    Mutation("node-role-is-minimal", _attach_cni_to_nodes),
    Mutation("role-serves-one-service-account", _share_a_role),
    Mutation("pod-identity-has-its-agent", remove(ADDON, "eks-pod-identity-agent")),
]
