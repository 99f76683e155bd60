"""The certificate of the stack's domain."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.platforms.eks.context import AwsContext
from infra.settings.problems import refusal

PROOF_SECONDS = 60
"""Time to live of the record that proves the domain to ACM."""


class Certificate(pulumi.ComponentResource):
    """A certificate for a domain and every name one label below it, proven by a record in the domain's zone.

    The zone is a public one of the account, in Route 53. The certificate names no app, so a new app changes nothing
    here. ACM renews it as long as the record stands, which outlives the stack.
    """

    arn: pulumi.Output[str]
    """Known once the certificate is valid."""
    zone_id: str
    """The zone of the domain."""

    def __init__(
        self, name: str, context: AwsContext, *, domain: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("nightowl:eks:Certificate", name, None, opts)
        self.zone_id = find_zone(context, domain)
        certificate = self._make_certificate(name, domain)
        self.arn = self._make_validation(name, certificate, self._make_proof(name, certificate))
        self.register_outputs({"arn": self.arn})

    def _make_certificate(self, name: str, domain: str) -> aws.acm.Certificate:
        return aws.acm.Certificate(
            name,
            domain_name=domain,
            subject_alternative_names=[f"*.{domain}"],
            validation_method="DNS",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_proof(self, name: str, certificate: aws.acm.Certificate) -> aws.route53.Record:
        # ACM asks for the same record for a domain and for its wildcard, so the first option speaks for both.
        option = certificate.domain_validation_options[0]
        return aws.route53.Record(
            f"{name}-proof",
            zone_id=self.zone_id,
            name=option.resource_record_name,
            type=option.resource_record_type,
            records=[option.resource_record_value],
            ttl=PROOF_SECONDS,
            # ACM asks for the same record for every certificate of a domain in an account: another one, such as that of
            # a replacement or of a second stack, may have made it already.
            allow_overwrite=True,
            # So it is nobody's to delete: without it ACM stops to renew the certificate of the other stack, months
            # after this one has gone.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )

    def _make_validation(
        self, name: str, certificate: aws.acm.Certificate, proof: aws.route53.Record
    ) -> pulumi.Output[str]:
        validation = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[proof.fqdn],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return validation.certificate_arn


def find_zone(context: AwsContext, domain: str) -> str:
    """Look up the id of the account's public zone for `domain`.

    Raises:
        SettingsError: there is none, or it cannot be looked up.
    """
    try:
        found = aws.route53.get_zone(
            name=domain, private_zone=False, opts=pulumi.InvokeOptions(provider=context.provider)
        )
    except Exception as error:
        raise refusal(
            "nightowl:loadBalancer.domain",
            f"account {context.account_id} shows no public Route 53 zone {domain}; make it, or name another ({error})",
        ) from error
    return found.zone_id
