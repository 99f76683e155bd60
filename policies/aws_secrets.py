"""Keys, secrets, buckets and image registries."""

from __future__ import annotations

from collections.abc import Iterator

from infra.secret_texts.names import Suspicion, suspicion
from infra.secret_texts.texts import in_setting, without_secrets
from policies.iam import statements
from policies.load_balancing import BALANCERS
from policies.rule import ResourceRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack
from policies.values import is_set, is_true, mapping, mappings, number, text, within

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
REPOSITORY = "aws:ecr/repository:Repository"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
VERSIONING = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
BUCKET_LOGGING = "aws:s3/bucketLogging:BucketLogging"
PARAMETER = "aws:ssm/parameter:Parameter"

LEAST_DELETION_DAYS = 30
"""The longest that KMS offers; a lost key is lost data."""
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/"


def _key_rotates(key: Resource) -> Iterator[str]:
    # An asymmetric or HMAC key cannot rotate by itself.
    kind = text(key.props, "customerMasterKeySpec")
    if kind in {"", "SYMMETRIC_DEFAULT"} and not is_true(key.props, "enableKeyRotation"):
        yield "enableKeyRotation is not on"


def _key_has_policy(key: Resource) -> Iterator[str]:
    if not is_set(key.props, "policy"):
        yield "policy is not set, so IAM alone decides who uses it"


def _key_trusts_somebody(key: Resource) -> Iterator[str]:
    for statement in statements(key.props.get("policy")):
        if statement.is_for_anybody:
            yield "policy lets anybody use it"


def _key_can_be_saved(key: Resource) -> Iterator[str]:
    days = number(key.props, "deletionWindowInDays")
    if days is not None and days < LEAST_DELETION_DAYS:
        yield f"deletionWindowInDays is {days:.0f}"


def _images_are_scanned(repository: Resource) -> Iterator[str]:
    if not is_true(repository.props, "imageScanningConfiguration", "scanOnPush"):
        yield "imageScanningConfiguration.scanOnPush is not on"


def _tags_are_immutable(repository: Resource) -> Iterator[str]:
    if not text(repository.props, "imageTagMutability").startswith("IMMUTABLE"):
        yield "imageTagMutability is not IMMUTABLE"


def _images_have_own_key(repository: Resource) -> Iterator[str]:
    if not any(text(one, "encryptionType").startswith("KMS") for one in _encryptions(repository)):
        yield "encryptionConfigurations has no KMS key"


def _encryptions(repository: Resource) -> list[object]:
    found = repository.props.get("encryptionConfigurations")
    return [*mappings(repository.props, "encryptionConfigurations"), mapping(found)]


def _registry_is_private(policy: Resource) -> Iterator[str]:
    for statement in statements(policy.props.get("policy")):
        if statement.is_for_anybody:
            yield "lets anybody in"


def _bucket_is_private(bucket: Resource, stack: Stack) -> Iterator[str]:
    blocks = stack.takers(bucket, "bucket", PUBLIC_ACCESS_BLOCK)
    if not blocks:
        yield "has no BucketPublicAccessBlock"
    for block in blocks:
        missing = [key for key in BLOCKS if not is_true(block.props, key)]
        if missing:
            yield f"its BucketPublicAccessBlock lacks {', '.join(missing)}"


def _bucket_asks_for_tls(bucket: Resource, stack: Stack) -> Iterator[str]:
    for policy in stack.takers(bucket, "bucket", BUCKET_POLICY):
        if any(
            not statement.allows and statement.requires("aws:SecureTransport", operator="Bool") == ("false",)
            for statement in statements(policy.props.get("policy"))
        ):
            return
    yield "has no policy that denies requests without TLS"


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


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="key-rotates",
        severity=Severity.MEDIUM,
        types=(KEY,),
        controls=("C4",),
        frameworks=("Security Hub KMS.4", "CKV_AWS_7"),
        protects_from="One key that leaks opens everything that was ever encrypted with it.",
        remediation="Set enable_key_rotation=True.",
        url=f"{SECURITY_HUB}kms-controls.html",
        check=_key_rotates,
    ),
    ResourceRule(
        name="key-has-policy",
        severity=Severity.MEDIUM,
        types=(KEY,),
        controls=("C4",),
        frameworks=("CKV2_AWS_64",),
        protects_from="Every IAM policy of the account decides who uses the key, and nobody sees it in one place.",
        remediation="Write the key's policy.",
        url="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
        check=_key_has_policy,
    ),
    ResourceRule(
        name="key-trusts-somebody",
        severity=Severity.CRITICAL,
        types=(KEY, KEY_POLICY),
        controls=("C4",),
        frameworks=("Security Hub KMS.5", "CKV_AWS_33"),
        protects_from="Any AWS account in the world can use the key.",
        remediation="Name principals, or add a condition such as kms:CallerAccount.",
        url=f"{SECURITY_HUB}kms-controls.html",
        check=_key_trusts_somebody,
    ),
    ResourceRule(
        name="key-can-be-saved",
        severity=Severity.MEDIUM,
        types=(KEY,),
        controls=("C4", "P34"),
        frameworks=("Security Hub KMS.3", "CKV_AWS_227"),
        protects_from="A key deleted by mistake takes all it encrypted along, and few days are left to notice.",
        remediation=f"Set deletion_window_in_days to {LEAST_DELETION_DAYS}.",
        url=f"{SECURITY_HUB}kms-controls.html",
        check=_key_can_be_saved,
    ),
    ResourceRule(
        name="images-are-scanned",
        severity=Severity.MEDIUM,
        types=(REPOSITORY,),
        controls=("C74",),
        frameworks=("CIS EKS 5.1.1", "Security Hub ECR.1", "CKV_AWS_163"),
        protects_from="Images with known holes are deployed and nobody is told.",
        remediation="Set image_scanning_configuration.scan_on_push=True.",
        url=f"{SECURITY_HUB}ecr-controls.html",
        check=_images_are_scanned,
    ),
    ResourceRule(
        name="image-tags-are-immutable",
        severity=Severity.MEDIUM,
        types=(REPOSITORY,),
        controls=("C74",),
        frameworks=("Security Hub ECR.2", "CKV_AWS_51"),
        protects_from="A tag that is pushed again changes what runs at the next restart.",
        remediation="Set image_tag_mutability to IMMUTABLE.",
        url=f"{SECURITY_HUB}ecr-controls.html",
        check=_tags_are_immutable,
    ),
    ResourceRule(
        name="images-have-own-key",
        severity=Severity.LOW,
        types=(REPOSITORY,),
        controls=("C74",),
        frameworks=("CKV_AWS_136",),
        protects_from="Whoever may pull may read, as no key of yours stands between.",
        remediation="Set encryption_configurations with encryption_type KMS and a key.",
        url=f"{SECURITY_HUB}ecr-controls.html",
        check=_images_have_own_key,
    ),
    ResourceRule(
        name="registry-is-private",
        severity=Severity.CRITICAL,
        types=(REPOSITORY_POLICY,),
        controls=("C74",),
        frameworks=("CKV_AWS_32",),
        protects_from="Anybody pulls the images, or pushes others in their place.",
        remediation="Name the accounts or roles that may pull.",
        url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html",
        check=_registry_is_private,
    ),
    StackRule(
        name="bucket-is-private",
        severity=Severity.HIGH,
        types=BUCKETS,
        controls=("C75",),
        frameworks=("Security Hub S3.8", "CKV2_AWS_6"),
        protects_from="One wrong policy or ACL puts logs, or the state with its secrets, on the internet.",
        remediation="Add an aws.s3.BucketPublicAccessBlock with all four settings on.",
        url=f"{SECURITY_HUB}s3-controls.html",
        check=_bucket_is_private,
    ),
    StackRule(
        name="bucket-asks-for-tls",
        severity=Severity.MEDIUM,
        types=BUCKETS,
        controls=("C75",),
        frameworks=("Security Hub S3.5",),
        protects_from="What is read or written travels in the clear.",
        remediation="Add a bucket policy that denies s3:* where aws:SecureTransport is false.",
        url=f"{SECURITY_HUB}s3-controls.html",
        check=_bucket_asks_for_tls,
    ),
    StackRule(
        name="bucket-keeps-versions",
        severity=Severity.MEDIUM,
        types=BUCKETS,
        controls=("C75", "R38"),
        frameworks=("Security Hub S3.14", "CKV_AWS_21"),
        protects_from="What is overwritten or deleted by mistake is gone.",
        remediation="Add an aws.s3.BucketVersioning with status Enabled.",
        url=f"{SECURITY_HUB}s3-controls.html",
        check=_bucket_keeps_versions,
    ),
    ResourceRule(
        name="secret-parameter-is-encrypted",
        severity=Severity.HIGH,
        types=(PARAMETER,),
        controls=("C56", "C76"),
        frameworks=("CKV_AWS_337",),
        protects_from="A password lies readable in Parameter Store for everybody who may list parameters.",
        remediation="Set type to SecureString, or keep the value in Secrets Manager.",
        url="https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html",
        check=_parameter_is_encrypted,
    ),
)
