"""Keys, secrets, buckets and image registries."""

from __future__ import annotations

from collections.abc import Iterator

from infra.secret_texts.names import Suspicion, suspicion
from infra.secret_texts.texts import in_setting, without_secrets
from policies.facts.aws import BALANCERS, BUCKETS, KEY, REPOSITORY
from policies.facts.iam import statements
from policies.facts.stack import Resource, Stack
from policies.facts.values import is_set, is_true, mapping, mappings, number, text, within
from policies.rule import Family, Severity

KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
VERSIONING = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
BUCKET_LOGGING = "aws:s3/bucketLogging:BucketLogging"
PARAMETER = "aws:ssm/parameter:Parameter"

LEAST_DELETION_DAYS = 30
"""The longest that KMS offers; a lost key is lost data."""
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/"


family = Family("Secrets and storage", __doc__, url=f"{SECURITY_HUB}kms-controls.html")


@family.resource_rule(
    "key-rotates",
    Severity.MEDIUM,
    KEY,
    protects_from="One key that leaks opens everything that was ever encrypted with it.",
    remediation="Set enable_key_rotation=True.",
    frameworks=("Security Hub KMS.4", "CKV_AWS_7"),
)
def _key_rotates(key: Resource) -> Iterator[str]:
    # An asymmetric or HMAC key cannot rotate by itself.
    kind = text(key.props, "customerMasterKeySpec")
    if kind in {"", "SYMMETRIC_DEFAULT"} and not is_true(key.props, "enableKeyRotation"):
        yield "enableKeyRotation is not on"


@family.resource_rule(
    "key-has-policy",
    Severity.MEDIUM,
    KEY,
    protects_from="Every IAM policy of the account decides who uses the key, and nobody sees it in one place.",
    remediation="Write the key's policy.",
    url="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
    frameworks=("CKV2_AWS_64",),
)
def _key_has_policy(key: Resource) -> Iterator[str]:
    if not is_set(key.props, "policy"):
        yield "policy is not set, so IAM alone decides who uses it"


@family.resource_rule(
    "key-trusts-somebody",
    Severity.CRITICAL,
    (KEY, KEY_POLICY),
    protects_from="Any AWS account in the world can use the key.",
    remediation="Name principals, or add a condition such as kms:CallerAccount.",
    frameworks=("Security Hub KMS.5", "CKV_AWS_33"),
)
def _key_trusts_somebody(key: Resource) -> Iterator[str]:
    for statement in statements(key.props.get("policy")):
        if statement.is_for_anybody:
            yield "policy lets anybody use it"


@family.resource_rule(
    "key-can-be-saved",
    Severity.MEDIUM,
    KEY,
    protects_from="A key deleted by mistake takes all it encrypted along, and few days are left to notice.",
    remediation=f"Set deletion_window_in_days to {LEAST_DELETION_DAYS}.",
    frameworks=("Security Hub KMS.3", "CKV_AWS_227"),
)
def _key_can_be_saved(key: Resource) -> Iterator[str]:
    days = number(key.props, "deletionWindowInDays")
    if days is not None and days < LEAST_DELETION_DAYS:
        yield f"deletionWindowInDays is {days:.0f}"


@family.resource_rule(
    "images-are-scanned",
    Severity.MEDIUM,
    REPOSITORY,
    protects_from="Images with known holes are deployed and nobody is told.",
    remediation="Set image_scanning_configuration.scan_on_push=True.",
    url=f"{SECURITY_HUB}ecr-controls.html",
    frameworks=("CIS EKS 5.1.1", "Security Hub ECR.1", "CKV_AWS_163"),
)
def _images_are_scanned(repository: Resource) -> Iterator[str]:
    if not is_true(repository.props, "imageScanningConfiguration", "scanOnPush"):
        yield "imageScanningConfiguration.scanOnPush is not on"


@family.resource_rule(
    "image-tags-are-immutable",
    Severity.MEDIUM,
    REPOSITORY,
    protects_from="A tag that is pushed again changes what runs at the next restart.",
    remediation="Set image_tag_mutability to IMMUTABLE.",
    url=f"{SECURITY_HUB}ecr-controls.html",
    frameworks=("Security Hub ECR.2", "CKV_AWS_51"),
)
def _tags_are_immutable(repository: Resource) -> Iterator[str]:
    if not text(repository.props, "imageTagMutability").startswith("IMMUTABLE"):
        yield "imageTagMutability is not IMMUTABLE"


@family.resource_rule(
    "images-have-own-key",
    Severity.LOW,
    REPOSITORY,
    protects_from="Whoever may pull may read, as no key of yours stands between.",
    remediation="Set encryption_configurations with encryption_type KMS and a key.",
    url=f"{SECURITY_HUB}ecr-controls.html",
    frameworks=("CKV_AWS_136",),
)
def _images_have_own_key(repository: Resource) -> Iterator[str]:
    if not any(text(one, "encryptionType").startswith("KMS") for one in _encryptions(repository)):
        yield "encryptionConfigurations has no KMS key"


def _encryptions(repository: Resource) -> list[object]:
    found = repository.props.get("encryptionConfigurations")
    return [*mappings(repository.props, "encryptionConfigurations"), mapping(found)]


@family.resource_rule(
    "registry-is-private",
    Severity.CRITICAL,
    REPOSITORY_POLICY,
    protects_from="Anybody pulls the images, or pushes others in their place.",
    remediation="Name the accounts or roles that may pull.",
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html",
    frameworks=("CKV_AWS_32",),
)
def _registry_is_private(policy: Resource) -> Iterator[str]:
    for statement in statements(policy.props.get("policy")):
        if statement.is_for_anybody:
            yield "lets anybody in"


@family.stack_rule(
    "bucket-is-private",
    Severity.HIGH,
    BUCKETS,
    protects_from="One wrong policy or ACL puts logs, or the state with its secrets, on the internet.",
    remediation="Add an aws.s3.BucketPublicAccessBlock with all four settings on.",
    url=f"{SECURITY_HUB}s3-controls.html",
    frameworks=("Security Hub S3.8", "CKV2_AWS_6"),
)
def _bucket_is_private(bucket: Resource, stack: Stack) -> Iterator[str]:
    blocks = stack.takers(bucket, "bucket", PUBLIC_ACCESS_BLOCK)
    if not blocks:
        yield "has no BucketPublicAccessBlock"
    for block in blocks:
        missing = [key for key in BLOCKS if not is_true(block.props, key)]
        if missing:
            yield f"its BucketPublicAccessBlock lacks {', '.join(missing)}"


@family.stack_rule(
    "bucket-asks-for-tls",
    Severity.MEDIUM,
    BUCKETS,
    protects_from="What is read or written travels in the clear.",
    remediation="Add a bucket policy that denies s3:* where aws:SecureTransport is false.",
    url=f"{SECURITY_HUB}s3-controls.html",
    frameworks=("Security Hub S3.5",),
)
def _bucket_asks_for_tls(bucket: Resource, stack: Stack) -> Iterator[str]:
    for policy in stack.takers(bucket, "bucket", BUCKET_POLICY):
        if any(
            not statement.allows and statement.requires("aws:SecureTransport", operator="Bool") == ("false",)
            for statement in statements(policy.props.get("policy"))
        ):
            return
    yield "has no policy that denies requests without TLS"


@family.stack_rule(
    "bucket-keeps-versions",
    Severity.MEDIUM,
    BUCKETS,
    protects_from="What is overwritten or deleted by mistake is gone.",
    remediation="Add an aws.s3.BucketVersioning with status Enabled.",
    url=f"{SECURITY_HUB}s3-controls.html",
    frameworks=("Security Hub S3.14", "CKV_AWS_21"),
)
def _bucket_keeps_versions(bucket: Resource, stack: Stack) -> Iterator[str]:
    receives_logs = stack.takers(bucket, "accessLogs", *BALANCERS) or stack.takers(
        bucket, "targetBucket", BUCKET_LOGGING
    )
    on = [
        one
        for one in stack.takers(bucket, "bucket", *VERSIONING)
        if text(one.props, "versioningConfiguration", "status") == "Enabled"
    ]
    if not receives_logs and not on and not is_true(within(bucket.props, "versioning"), "enabled"):
        yield "keeps no versions"


@family.resource_rule(
    "secret-parameter-is-encrypted",
    Severity.HIGH,
    PARAMETER,
    protects_from="A password lies readable in Parameter Store for everybody who may list parameters.",
    remediation="Set type to SecureString, or keep the value in Secrets Manager.",
    url="https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html",
    frameworks=("CKV_AWS_337",),
)
def _parameter_is_encrypted(parameter: Resource) -> Iterator[str]:
    kind = text(parameter.props, "type")
    if kind == "SecureString":
        return
    named = text(parameter.props, "name") or parameter.name
    by_name = suspicion(named.rpartition("/")[2]) in {Suspicion.LITERAL, Suspicion.HUMAN}
    if by_name or _holds_secret(parameter, named):
        yield f"is called {without_secrets(named)} and is of type {kind or 'String'}"


def _holds_secret(parameter: Resource, named: str) -> bool:
    return any(in_setting(named, text(parameter.props, key)) for key in ("value", "insecureValue"))
