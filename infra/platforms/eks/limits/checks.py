"""What AWS would refuse for its length or form, found before anything is made.

The settings alone are not enough: the names and documents of a stack hold its own name, and the account's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.iam import policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_permissions import PermissionFacts, permission_statements
from infra.platforms.eks.names import pipeline_arns, stack_name_errors
from infra.platforms.eks.pipeline.boundary import app_boundary_document, boundary_document, pipeline_boundary_document
from infra.platforms.eks.pipeline.permissions.documents import size
from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.pipeline.pipeline import make_scope, pipeline_trust
from infra.platforms.eks.pipeline.registry import repository_policy
from infra.platforms.eks.secrets import references, secrets_policy
from infra.settings.eks import limits
from infra.settings.eks.delivery import ROLE_KINDS
from infra.settings.eks.pull_secrets import KEEPER
from infra.settings.guest import GuestPlatformSettings
from infra.settings.problems import Problem, SettingsError
from infra.settings.stack import StackSettings

_ID = "0" * 36
"""As long as the id of a KMS key."""
_OUTPUT = f"arn:aws:secretsmanager:eu-central-1:000000000000:secret:rds!db-{_ID}-000000"
"""As long as what own code may return: the ARN of a secret of Amazon RDS."""
_NODE_ROLE = "node-0000000"
"""As long as the name that the engine gives to the role of the nodes."""


def check_stack_name(settings: StackSettings, *, project: str, stack: str) -> None:
    """Refuse a stack whose name AWS does not take in all that is made of it.

    Raises:
        SettingsError: naming what is refused, and why.
    """
    if isinstance(settings.platform, GuestPlatformSettings):
        _raise_any(stack_name_errors(project, stack, of_pull_request=True))
    else:
        _raise_any(stack_name_errors(project, stack, settings.delivery, settings.builds))


def check_documents(settings: StackSettings, context: AwsContext) -> None:
    """Refuse a stack whose policies are longer than AWS takes them.

    Raises:
        SettingsError: with one line per document.
    """
    _raise_any(
        [
            *_role_errors(settings, context),
            *_pipeline_errors(settings, context),
            *_registry_errors(settings, context),
        ]
    )


def _role_errors(settings: StackSettings, context: AwsContext) -> Iterator[Problem]:
    facts = _facts(context)
    for app, of in settings.apps.items():
        secrets = secrets_policy(context, references(of.secrets), key_arn=facts.secrets_key_arn)
        of_secrets = size(secrets) if references(of.secrets) else 0
        if of_secrets > limits.INLINE_POLICIES_CHARACTERS:
            yield Problem(
                f"nightowl:apps.{app}.secrets",
                f"{len(of.secrets)} secrets make a policy of {of_secrets} characters, but "
                f"a role has at most {limits.INLINE_POLICIES_CHARACTERS}; give them shorter names in Secrets Manager, "
                "or keep several values in one",
            )
            continue
        permitted = policy_document(*permission_statements(of.granted, facts))
        length = of_secrets + (size(permitted) if of.granted else 0)
        if length > limits.INLINE_POLICIES_CHARACTERS:
            yield Problem(
                f"nightowl:apps.{app}.permissions",
                f"with its secrets they make policies of {length} characters, but a "
                f"role has at most {limits.INLINE_POLICIES_CHARACTERS}; name fewer resources",
            )


def _facts(context: AwsContext) -> PermissionFacts:
    return PermissionFacts(
        context=context,
        resolve=lambda value: value if isinstance(value, str) else _OUTPUT,
        secrets_key_arn=context.arn("kms", f"key/{_ID}"),
    )


def _pipeline_errors(settings: StackSettings, context: AwsContext) -> Iterator[Problem]:
    github = settings.delivery.github
    if github is None:
        return
    scope = make_scope(
        context, settings.delivery, domain=settings.load_balancer.domain, permissions=bool(settings.permissions)
    )
    for kind in ROLE_KINDS:
        length = size(pipeline_trust(github, scope, kind)) if github.subjects(kind) else 0
        if length > limits.TRUST_POLICY_CHARACTERS:
            yield Problem(
                f"nightowl:delivery.github.{kind}",
                f"its subjects make a trust policy of {length} characters, but a "
                f"role has at most {limits.TRUST_POLICY_CHARACTERS}; name fewer",
            )
    yield from _out_of_bounds(settings, scope)
    of_stack = [one for permissions in settings.permissions.values() for one in permissions]
    permitted = permission_statements(of_stack, _facts(context))
    length = size(app_boundary_document(scope, permitted))
    if settings.permissions and length > limits.MANAGED_POLICY_CHARACTERS:
        yield Problem(
            "nightowl:apps.*.permissions",
            f"all of them together make a permissions boundary of {length} characters, "
            f"but IAM takes {limits.MANAGED_POLICY_CHARACTERS}; name fewer resources",
        )
    length = max(size(boundary_document(scope)), size(pipeline_boundary_document(scope)))
    if length > limits.MANAGED_POLICY_CHARACTERS:
        yield Problem(
            f"stack {context.stack}",
            f"the permissions boundary of its roles has {length} characters, but IAM takes "
            f"{limits.MANAGED_POLICY_CHARACTERS}; make the stack under a shorter name",
        )


def _out_of_bounds(settings: StackSettings, scope: Scope) -> Iterator[Problem]:
    """Find secrets that the boundary would keep from the pods."""
    for app, of in settings.apps.items():
        # What the keeper reads stands under `pullSecrets` of the others.
        own = {} if app == KEEPER else of.secrets
        named = {f"secrets.{name}": secret.ref for name, secret in own.items() if isinstance(secret.ref, str)}
        named |= {f"pullSecrets[{index}]": reference for index, reference in enumerate(of.pull_secrets)}
        for place, reference in named.items():
            if not reference.startswith(scope.secrets):
                yield Problem(
                    f"nightowl:apps.{app}.{place}",
                    f"{reference} is not below {' or '.join(scope.secrets)}, and roles of "
                    "this stack read no other secrets; name it so, or add the beginning of its name to "
                    "nightowl:delivery.secrets",
                )


def _registry_errors(settings: StackSettings, context: AwsContext) -> Iterator[Problem]:
    delivery = settings.delivery
    if not settings.builds:
        return
    pipeline = pipeline_arns(delivery.github, context.account_id, context.name)
    policy = repository_policy(
        nodes=f"arn:aws:iam::{context.account_id}:role{context.role_path}{_NODE_ROLE}",
        pushers=[arn for kind, arn in pipeline.items() if kind != "preview"],
        readers=delivery.readers,
    )
    if size(policy) > limits.REPOSITORY_POLICY_CHARACTERS:
        yield Problem(
            "nightowl:delivery.readers",
            f"{len(delivery.readers)} roles make a policy of {size(policy)} characters, but "
            f"a repository has at most {limits.REPOSITORY_POLICY_CHARACTERS}; name fewer",
        )


def _raise_any(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise SettingsError(found)
