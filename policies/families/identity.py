"""IAM: what roles may do, and who may take them."""

from __future__ import annotations

from infra.values import text, texts, words
from policies.document_rule import document_rule
from policies.facts.aws import NODE_GROUP
from policies.facts.aws_managed import why_wide
from policies.facts.eks import addons, clusters_of
from policies.facts.escalation import ESCALATIONS, allows_everything, escalations
from policies.facts.holders import ATTACHING_TYPES, HOLDERS, attachments, bounds, documents, given_arns, given_policies
from policies.facts.iam import POLICY, ROLE, USER, is_reading, permissions, trust
from policies.facts.iam_scope import asks_for, tells_tokens_apart, whole_services
from policies.facts.stack import Resource, Stack
from policies.rule import CRITICAL, HIGH, MEDIUM, Family, Messages

ACCESS_KEY = "aws:iam/accessKey:AccessKey"
LOGIN_PROFILE = "aws:iam/userLoginProfile:UserLoginProfile"
STANDING = (
    USER,
    ACCESS_KEY,
    LOGIN_PROFILE,
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential",
    "aws:iam/signingCertificate:SigningCertificate",
    "aws:iam/sshKey:SshKey",
)
"""Users, and all that they are let in by."""
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

NODE_POLICIES = words("""
    AmazonEKSWorkerNodePolicy AmazonEKSWorkerNodeMinimalPolicy AmazonEC2ContainerRegistryPullOnly
    AmazonEC2ContainerRegistryReadOnly AmazonSSMManagedInstanceCore
""")
"""What a node itself needs (EKS user guide, "Amazon EKS node IAM role")."""

EXFILTRATIONS = words("""
    dynamodb:BatchGetItem dynamodb:GetItem dynamodb:Query dynamodb:Scan rds-data:ExecuteStatement s3:GetObject
    s3:GetObjectVersion secretsmanager:GetSecretValue ssm:GetParameter ssm:GetParameterHistory ssm:GetParameters
    ssm:GetParametersByPath
""")
"""By which data leaves (checkov CKV_AWS_288), in its present and in its earlier versions."""

GITHUB = "token.actions.githubusercontent.com"
SHARED_ISSUERS = ("gitlab.com", "app.terraform.io", "agent.buildkite.com", "api.pulumi.com/oidc")
"""Issuers of tokens for everybody who has an account there, and who chooses the audience too."""

family = Family("Identity", __doc__)


@document_rule(family, "policy-allows-no-star", CRITICAL, "Security Hub IAM.1", "CKV_AWS_62", "CKV_AWS_63")
def _allows_no_star(resource: Resource) -> Messages:
    """One stolen token is the whole account.

    Name the actions and the resources that are needed.
    https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html
    """
    if allows_everything(permissions(resource)):
        yield "allows every action on every resource"


@family.stack_rule("policies-add-up-to-no-star", CRITICAL, HOLDERS, "Security Hub IAM.1")
def _adds_up_to_no_star(holder: Resource, stack: Stack) -> Messages:
    """What no policy allows alone is allowed by several that one role has.

    Name the actions and the resources that are needed.
    https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html
    """
    given = documents(holder, stack)
    alone = any(allows_everything(permissions(one)) for one in given)
    if not alone and allows_everything(statement for one in given for statement in permissions(one)):
        yield f"{', '.join(sorted(one.label for one in given))} together allow every action on every resource"


@document_rule(family, "policy-allows-no-whole-service", HIGH, "Security Hub IAM.21")
def _allows_no_whole_service(resource: Resource) -> Messages:
    """Who needed to read one object may delete all of them, and what the service adds tomorrow.

    Name the actions that are needed instead of service:*.
    https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html
    """
    for statement in permissions(resource):
        whole = whole_services(statement.actions)
        if statement.allows and whole and not statement.everything_but and not allows_everything([statement]):
            yield f"allows {', '.join(whole)}"


@family.rule("no-administrator-is-attached", CRITICAL, ATTACHING_TYPES, "CKV_AWS_274", "CKV2_AWS_56")
def _attaches_no_administrator(attachment: Resource) -> Messages:
    """One stolen token is the whole account.

    Attach a policy with the actions that are needed.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    for arn in given_arns(attachment):
        if why_wide(arn):
            yield f"attaches {arn.rpartition('/')[2]}, which allows {why_wide(arn)}"


@document_rule(family, "policy-escalates-nowhere", CRITICAL, "CKV_AWS_286", "CKV2_AWS_40")
def _escalates_nowhere(resource: Resource) -> Messages:
    """A small permission is used to write oneself a bigger one.

    Name the roles and policies that may be touched, or add a condition such as iam:PassedToService.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    for statement in permissions(resource):
        found = [] if statement.is_total else escalations(statement)
        if found:
            yield f"allows {', '.join(found)} on every resource: its holder can become administrator"


@document_rule(family, "policy-reads-named-data", HIGH, "CKV_AWS_287", "CKV_AWS_288")
def _leaks_nothing(resource: Resource) -> Messages:
    """One app that is broken into reads the data and secrets of all others.

    Name the buckets, tables, secrets and parameters that may be read.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    for statement in permissions(resource):
        if statement.is_total or not statement.on_any_of_a_kind or statement.is_narrowed:
            continue
        found = [action for action in EXFILTRATIONS if statement.may(action)]
        if found:
            yield f"allows {', '.join(found)} on every resource"


@document_rule(family, "policy-decrypts-with-named-keys", HIGH, "Security Hub KMS.1", "Security Hub KMS.2")
def _decrypts_with_named_keys(resource: Resource) -> Messages:
    """Keys that are all open to one role separate nothing.

    Name the key, or add a condition such as kms:ViaService.
    https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
    """
    for statement in permissions(resource):
        open_ = statement.on_any_of_a_kind and not statement.is_narrowed
        if open_ and not statement.is_total and statement.may("kms:Decrypt"):
            yield "allows kms:Decrypt with every key"


@document_rule(family, "policy-constrains-writes", HIGH, "CKV_AWS_289", "CKV_AWS_290", "CKV_AWS_355")
def _writes_are_constrained(resource: Resource) -> Messages:
    """A controller that goes wrong, or is broken into, changes what belongs to others in the account.

    Name the resources, or add a condition on a tag that only this cluster's resources have.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    for statement in permissions(resource):
        held = statement.is_narrowed or asks_for(statement.conditions, "aws:requestedregion")
        if not statement.allows or not statement.on_everything or held or statement.is_total:
            continue
        known = {*ESCALATIONS, *EXFILTRATIONS, "kms:Decrypt", *whole_services(statement.actions)}
        writes = [one for one in statement.actions if not is_reading(one) and one not in known]
        if writes:
            yield f"allows {', '.join(writes)} on every resource without a condition"


@document_rule(family, "policy-says-what-it-means", HIGH, "CKV_AWS_63")
def _says_what_it_means(resource: Resource) -> Messages:
    """All but a few actions are allowed, and each action that AWS adds is allowed from its first day.

    List what is allowed in Action and Resource.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
    """
    for statement in permissions(resource):
        if statement.allows and statement.everything_but:
            yield "allows by NotAction or NotResource, so whatever AWS adds tomorrow is allowed too"


@family.rule("role-trusts-somebody", CRITICAL, ROLE, "CKV_AWS_60", "CKV_AWS_61")
def _trusts_somebody(role: Resource) -> Messages:
    """Any AWS account in the world can take the role.

    Name one service or principal in assume_role_policy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    for statement in trust(role):
        anybody = any("*" in names for names in statement.principals.values())
        # Whoever has an account with Google, or none with Cognito, has a token of theirs.
        issuers = statement.principals.get("Federated", ())
        of_others = issuers and not (
            statement.is_narrowed
            and tells_tokens_apart(statement.conditions, by_audience=not any(map(_is_shared, issuers)))
        )
        if statement.allows and (anybody or of_others):
            yield "assumeRolePolicy lets anybody take it"


def _is_shared(issuer: str) -> bool:
    return issuer.endswith(tuple(f":oidc-provider/{shared}" for shared in SHARED_ISSUERS))


@family.rule("irsa-role-trusts-one-service-account", CRITICAL, ROLE, "CIS EKS 5.2.1")
def _trusts_one_service_account(role: Resource) -> Messages:
    """Any pod of the cluster can take the role.

    Ask StringEquals on <issuer>:aud and <issuer>:sub, with the whole name of one service account.
    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """
    for statement in trust(role):
        issuers = statement.principals.get("Federated", ())
        if not any(":oidc-provider/" in issuer and "oidc.eks." in issuer for issuer in issuers):
            continue
        asked = statement.conditions.get("StringEquals", {})
        audiences = [value for key, values in asked.items() if key.endswith(":aud") for value in values]
        subjects = [value for key, values in asked.items() if key.endswith(":sub") for value in values]
        if audiences != ["sts.amazonaws.com"]:
            yield "its trust does not ask that <issuer>:aud equals sts.amazonaws.com"
        if not subjects or any("*" in one or not one.startswith("system:serviceaccount:") for one in subjects):
            yield "its trust does not ask that <issuer>:sub equals one service account: any pod can take the role"


@family.rule("pod-identity-role-is-not-lent", MEDIUM, ROLE, "EKS best practices: identity")
def _trusts_pods_of_one_account(role: Resource) -> Messages:
    """Another account's cluster is made to use the role, or the pods of this one cannot.

    Allow sts:AssumeRole and sts:TagSession, on condition that aws:SourceAccount is this account.
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    for statement in trust(role):
        if "pods.eks.amazonaws.com" not in statement.principals.get("Service", ()):
            continue
        missing = [one for one in ("sts:AssumeRole", "sts:TagSession") if not statement.may(one)]
        if missing:
            yield f"its trust lacks {' and '.join(missing)}, so Pod Identity cannot take it"
        keys = {key for asked in statement.conditions.values() for key in asked}
        if not keys & {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid"}:
            yield "its trust does not name the account or the organisation that asks (confused deputy)"


@family.stack_rule("github-role-trusts-one-workflow", CRITICAL, ROLE, "CKV_AWS_393", "CKV_AWS_358")
def _trusts_one_workflow(role: Resource, stack: Stack) -> Messages:
    """A pull request, or any repository of the organisation, deploys to the account.

    Ask StringEquals on aud and sub; sub names the repository and one environment or branch. Only a role that reads may
    trust pull requests.
    https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services
    """
    for statement in trust(role):
        if not any(name.endswith(GITHUB) for name in statement.principals.get("Federated", ())):
            continue
        if statement.requires(f"{GITHUB}:aud") != ("sts.amazonaws.com",):
            yield f"its trust does not ask that {GITHUB}:aud equals sts.amazonaws.com"
        subjects = statement.requires(f"{GITHUB}:sub")
        loose = [
            one
            for one in subjects
            if "*" in one or "?" in one or (":environment:" not in one and ":ref:refs/" not in one)
        ]
        if not _writes(role, stack):
            # What every pull request runs may look, and nothing else.
            loose = [one for one in loose if not one.endswith(":pull_request")]
        if not subjects:
            yield f"its trust does not ask that {GITHUB}:sub equals one environment or branch"
        elif loose:
            yield f"its trust takes {', '.join(loose)}, which is more than one environment or branch"


@family.rule("github-role-asks-for-the-repository-id", MEDIUM, ROLE, "AWS What's New, January 2026")
def _asks_for_the_id(role: Resource) -> Messages:
    """Whoever makes a repository under a name that became free deploys to the account.

    Ask StringEquals on token.actions.githubusercontent.com:repository_id too.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
    """
    for statement in trust(role):
        by_github = any(name.endswith(GITHUB) for name in statement.principals.get("Federated", ()))
        if by_github and not statement.requires(f"{GITHUB}:repository_id"):
            yield f"its trust does not ask for {GITHUB}:repository_id"


def _writes(role: Resource, stack: Stack) -> bool:
    """Whether a role may change anything. To decrypt is to read."""
    foreign = [one for one in attachments(role, stack) if len(given_policies(one, stack)) < len(given_arns(one))]
    held = documents(role, stack)
    allowed = [action for one in held for said in permissions(one) if said.allows for action in said.actions]
    return bool(foreign) or any(action != "kms:Decrypt" and not is_reading(action) for action in allowed)


@family.stack_rule(
    "boundary-is-attached-to-nobody", CRITICAL, ATTACHING_TYPES, "IAM user guide: permissions boundaries"
)
def _boundary_is_attached_to_nobody(attachment: Resource, stack: Stack) -> Messages:
    """A boundary is wide, as it bounds many roles; attached, it is what one of them may do.

    Set it as permissionsBoundary, and attach a policy of its own.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    attached = [policy.label for policy in given_policies(attachment, stack) if bounds(policy, stack)]
    made = [text(policy.props, "name") for policy in given_policies(attachment, stack)]
    of_others = {arn for one in stack.of_type(ROLE, USER) for arn in texts(one.props, "permissionsBoundary")}
    attached += [arn for arn in given_arns(attachment) if arn in of_others and arn.rpartition("/")[2] not in made]
    for boundary in attached:
        yield f"attaches {boundary}, a permissions boundary, which says the most that anybody may do"


@family.rule(
    "no-standing-credentials", HIGH, STANDING, "Security Hub IAM.2", "Security Hub IAM.3", "Security Hub IAM.22"
)
def _is_no_standing_credential(_resource: Resource) -> Messages:
    """A key that never expires lies in the state and in whatever it was copied to.

    Use a role: Pod Identity for pods, OIDC for pipelines, Identity Center for people.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    yield "is a credential that does not expire by itself"


@family.stack_rule("node-role-is-minimal", HIGH, ROLE, "CIS EKS 5.1.3")
def _node_role_is_minimal(role: Resource, stack: Stack) -> Messages:
    """What the nodes' role may do, every pod may that reaches the metadata service.

    Leave the worker policy and image pulls; give the CNI and others roles by Pod Identity.
    https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
    """
    if not stack.dependents(role, "nodeRoleArn", NODE_GROUP):
        return
    for arn in [arn for one in attachments(role, stack) for arn in given_arns(one)]:
        name = arn.rpartition("/")[2]
        if name not in NODE_POLICIES:
            yield f"is the nodes' role and holds {name}, which every pod that reaches it then has"
    written = [one for one in documents(role, stack) if any(True for _ in permissions(one)) and one.type != POLICY]
    if written:
        yield f"is the nodes' role and has {written[0].label} written into it"


@family.stack_rule("role-serves-one-service-account", MEDIUM, POD_IDENTITY, "EKS best practices: identity")
def _role_serves_one_account(association: Resource, stack: Stack) -> Messages:
    """Each of the pods that share a role may do what any of them needs.

    Make a role for each service account.
    https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
    """
    for role in stack.dependencies(association, "roleArn", ROLE):
        holders = [_service_account(other) for other in stack.dependents(role, "roleArn", POD_IDENTITY)]
        others = [other for other in holders if other < _service_account(association)]
        if others:
            yield f"shares {role.label} with service account {others[0]}"


def _service_account(association: Resource) -> str:
    return f"{text(association.props, 'namespace')}/{text(association.props, 'serviceAccount')}"


@family.stack_rule("pod-identity-has-its-agent", HIGH, POD_IDENTITY, "EKS user guide: Pod Identity agent")
def _agent_is_there(association: Resource, stack: Stack) -> Messages:
    """Pods get no credentials of their own and silently use those of the node.

    Add the managed add-on eks-pod-identity-agent before the node groups.
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
    """
    for cluster in clusters_of(stack, association):
        if not addons(stack, "eks-pod-identity-agent"):
            yield f"{cluster.label} has no add-on eks-pod-identity-agent, so pods silently use the nodes' role"
