"""Where the load balancer writes who asked for what."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.iam import Document, Statement, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.load_balancer.args import LoadBalancerArgs

LOG_FOLDER = "AWSLogs"
UNFINISHED_UPLOAD_DAYS = 1


class AccessLog(pulumi.ComponentResource):
    """A private bucket that Elastic Load Balancing may write to, and whose files expire.

    A load balancer that logs to it depends on `ready`: it refuses a bucket that it may not write to yet.
    """

    bucket: pulumi.Output[str]
    """Name of the bucket."""
    ready: pulumi.Resource

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:AccessLog", name, None, opts)
        bucket = self._make_bucket(name, args)
        self._make_private(name, bucket)
        self._make_encrypted(name, bucket)
        self._make_expiry(name, bucket, args.settings.log_retention_days)
        self.bucket = bucket.bucket
        self.ready = self._make_policy(name, bucket, args.context)
        self.register_outputs({"bucket": self.bucket})

    def _make_bucket(self, name: str, args: LoadBalancerArgs) -> aws.s3.Bucket:
        return aws.s3.Bucket(
            name,
            # What is not protected is meant to be destroyed as a whole; a bucket with files could not be.
            force_destroy=not args.context.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.context.protect),
        )

    def _make_private(self, name: str, bucket: aws.s3.Bucket) -> None:
        child = pulumi.ResourceOptions(parent=self)
        aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )

    def _make_encrypted(self, name: str, bucket: aws.s3.Bucket) -> None:
        # Keys of S3 itself are the only kind that Elastic Load Balancing can write under (its user guide, access logs).
        by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=by_default
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_expiry(self, name: str, bucket: aws.s3.Bucket, retention_days: int) -> None:
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="expire",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=f"{LOG_FOLDER}/"),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=retention_days),
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=UNFINISHED_UPLOAD_DAYS
            ),
        )
        aws.s3.BucketLifecycleConfiguration(
            name, bucket=bucket.bucket, rules=[rule], opts=pulumi.ResourceOptions(parent=self)
        )

    def _make_policy(self, name: str, bucket: aws.s3.Bucket, context: AwsContext) -> aws.s3.BucketPolicy:
        policy = pulumi.Output.json_dumps(access_log_policy(bucket.arn, account_id=context.account_id))
        return aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=policy, opts=pulumi.ResourceOptions(parent=self))


def access_log_policy(bucket_arn: pulumi.Input[str], *, account_id: str) -> Document:
    """Let Elastic Load Balancing write this account's logs, and refuse requests without TLS.

    The service's principal is the same in every region (Elastic Load Balancing user guide, "Enable access logs for your
    Application Load Balancer"). It writes below `AWSLogs/<account of the load balancer>/` only, which is why that path,
    and no condition on the source, keeps other accounts' load balancers out: the guide names none that delivery always
    sends.
    """
    arn = pulumi.Output.from_input(bucket_arn)
    return policy_document(
        Statement(
            sid="LoadBalancersWrite",
            actions=["s3:PutObject"],
            principals={"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
            resources=[pulumi.Output.concat(arn, f"/{LOG_FOLDER}/{account_id}/*")],
        ),
        Statement(
            sid="OnlyByTls",
            effect="Deny",
            # A denial of everything is what the wildcard is for here.
            actions=["s3:*"],
            principals={"AWS": ["*"]},
            resources=[arn, pulumi.Output.concat(arn, "/*")],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )
