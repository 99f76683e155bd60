"""Keys, secrets, buckets and image registries."""

from __future__ import annotations

from infra.secret_texts.names import Suspicion, suspicion
from infra.secret_texts.texts import in_setting, without_secrets
from infra.values import is_true, number, sequence, text, within
from policies.facts.aws import BALANCERS, BUCKETS, KEY, REPOSITORY
from policies.facts.iam import statements
from policies.facts.stack import Resource, Stack
from policies.facts.unknown import is_set
from policies.rule import CRITICAL, HIGH, LOW, MEDIUM, Family, Messages, must_be_on

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

family = Family("Secrets and storage", __doc__)


@family.rule("key-rotates", MEDIUM, KEY, "Security Hub KMS.4", "CKV_AWS_7")
def _key_rotates(key: Resource) -> Messages:
    """One key that leaks opens everything that was ever encrypted with it.

    Set enable_key_rotation=True.
    https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
    """
    # An asymmetric or HMAC key cannot rotate by itself.
    kind = text(key.props, "customerMasterKeySpec")
    if kind in {"", "SYMMETRIC_DEFAULT"} and not is_true(key.props, "enableKeyRotation"):
        yield "enableKeyRotation is not on"


@family.rule("key-has-policy", MEDIUM, KEY, "CKV2_AWS_64")
def _key_has_policy(key: Resource) -> Messages:
    """Every IAM policy of the account decides who uses the key, and nobody sees it in one place.

    Write the key's policy.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    if not is_set(key.props, "policy"):
        yield "policy is not set, so IAM alone decides who uses it"


@family.rule("key-trusts-somebody", CRITICAL, (KEY, KEY_POLICY), "Security Hub KMS.5", "CKV_AWS_33")
def _key_trusts_somebody(key: Resource) -> Messages:
    """Any AWS account in the world can use the key.

    Name principals, or add a condition such as kms:CallerAccount.
    https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
    """
    for statement in statements(key.props.get("policy")):
        if statement.is_for_anybody:
            yield "policy lets anybody use it"


@family.rule(
    "key-can-be-saved",
    MEDIUM,
    KEY,
    "Security Hub KMS.3",
    "CKV_AWS_227",
    remediation=f"Set deletion_window_in_days to {LEAST_DELETION_DAYS}.",
)
def _key_can_be_saved(key: Resource) -> Messages:
    """A key deleted by mistake takes all it encrypted along, and few days are left to notice.

    https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
    """
    days = number(key.props, "deletionWindowInDays")
    if days is not None and days < LEAST_DELETION_DAYS:
        yield f"deletionWindowInDays is {days:.0f}"


@family.rule("images-are-scanned", MEDIUM, REPOSITORY, "CIS EKS 5.1.1", "Security Hub ECR.1", "CKV_AWS_163")
def _images_are_scanned(repository: Resource) -> Messages:
    """Images with known holes are deployed and nobody is told.

    Set image_scanning_configuration.scan_on_push=True.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ecr-controls.html
    """
    return must_be_on(repository, "imageScanningConfiguration", "scanOnPush")


@family.rule("image-tags-are-immutable", MEDIUM, REPOSITORY, "Security Hub ECR.2", "CKV_AWS_51")
def _tags_are_immutable(repository: Resource) -> Messages:
    """A tag that is pushed again changes what runs at the next restart.

    Set image_tag_mutability to IMMUTABLE.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ecr-controls.html
    """
    if not text(repository.props, "imageTagMutability").startswith("IMMUTABLE"):
        yield "imageTagMutability is not IMMUTABLE"


@family.rule("images-have-own-key", LOW, REPOSITORY, "CKV_AWS_136")
def _images_have_own_key(repository: Resource) -> Messages:
    """Whoever may pull may read, as no key of yours stands between.

    Set encryption_configurations with encryption_type KMS and a key.
    https://docs.aws.amazon.com/securityhub/latest/userguide/ecr-controls.html
    """
    found = repository.props.get("encryptionConfigurations")
    if not any(text(one, "encryptionType").startswith("KMS") for one in (found, *sequence(found))):
        yield "encryptionConfigurations has no KMS key"


@family.rule("registry-is-private", CRITICAL, REPOSITORY_POLICY, "CKV_AWS_32")
def _registry_is_private(policy: Resource) -> Messages:
    """Anybody pulls the images, or pushes others in their place.

    Name the accounts or roles that may pull.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
    """
    for statement in statements(policy.props.get("policy")):
        if statement.is_for_anybody:
            yield "lets anybody in"


@family.stack_rule("bucket-is-private", HIGH, BUCKETS, "Security Hub S3.8", "CKV2_AWS_6")
def _bucket_is_private(bucket: Resource, stack: Stack) -> Messages:
    """One wrong policy or ACL puts logs, or the state with its secrets, on the internet.

    Add an aws.s3.BucketPublicAccessBlock with all four settings on.
    https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html
    """
    blocks = stack.dependents(bucket, "bucket", PUBLIC_ACCESS_BLOCK)
    if not blocks:
        yield "has no BucketPublicAccessBlock"
    for block in blocks:
        missing = [key for key in BLOCKS if not is_true(block.props, key)]
        if missing:
            yield f"its BucketPublicAccessBlock lacks {', '.join(missing)}"


@family.stack_rule("bucket-asks-for-tls", MEDIUM, BUCKETS, "Security Hub S3.5")
def _bucket_asks_for_tls(bucket: Resource, stack: Stack) -> Messages:
    """What is read or written travels in the clear.

    Add a bucket policy that denies s3:* where aws:SecureTransport is false.
    https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html
    """
    for policy in stack.dependents(bucket, "bucket", BUCKET_POLICY):
        if any(
            not statement.allows and statement.requires("aws:SecureTransport", operator="Bool") == ("false",)
            for statement in statements(policy.props.get("policy"))
        ):
            return
    yield "has no policy that denies requests without TLS"


@family.stack_rule("bucket-keeps-versions", MEDIUM, BUCKETS, "Security Hub S3.14", "CKV_AWS_21")
def _bucket_keeps_versions(bucket: Resource, stack: Stack) -> Messages:
    """What is overwritten or deleted by mistake is gone.

    Add an aws.s3.BucketVersioning with status Enabled.
    https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html
    """
    receives_logs = stack.dependents(bucket, "accessLogs", *BALANCERS) or stack.dependents(
        bucket, "targetBucket", BUCKET_LOGGING
    )
    settings = stack.dependents(bucket, "bucket", *VERSIONING)
    on = any(text(one.props, "versioningConfiguration", "status") == "Enabled" for one in settings)
    if not receives_logs and not on and not is_true(within(bucket.props, "versioning"), "enabled"):
        yield "keeps no versions"


@family.rule("secret-parameter-is-encrypted", HIGH, PARAMETER, "CKV_AWS_337")
def _parameter_is_encrypted(parameter: Resource) -> Messages:
    """A password lies readable in Parameter Store for everybody who may list parameters.

    Set type to SecureString, or keep the value in Secrets Manager.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html
    """
    kind = text(parameter.props, "type")
    if kind == "SecureString":
        return
    named = text(parameter.props, "name") or parameter.name
    by_name = suspicion(named.rpartition("/")[2]) in {Suspicion.LITERAL, Suspicion.HUMAN}
    if by_name or any(in_setting(named, text(parameter.props, key)) for key in ("value", "insecureValue")):
        yield f"is called {without_secrets(named)} and is of type {kind or 'String'}"
