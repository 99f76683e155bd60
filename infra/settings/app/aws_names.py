"""Names of AWS in `permissions` that nothing refuses before AWS does: services and regions.

botocore, which comes with boto3, has a folder of models for each SDK client, and a small list of regions. Nothing of it
is imported here, and a file is read only where a name asks for it.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infra.settings.nearest import nearest
from infra.values import mapping, text, words

IAM_SERVICES = frozenset(
    words(
        "a2c a4b access-analyzer account acm acm-pca aco-automation action-recommendations activate agentaccess-mcp "
        "aidevops aiops airflow airflow-serverless amplify amplifybackend amplifyuibuilder aoss apigateway "
        "app-integrations appconfig appfabric appflow application-autoscaling application-signals "
        "application-signals-mcp application-transformation applicationinsights appmesh appmesh-preview apprunner "
        "appstream appstudio appsync apptest aps arc-region-switch arc-zonal-shift arsenal artifact athena "
        "auditmanager autoscaling autoscaling-plans aws-external-anthropic aws-marketplace aws-marketplace-management "
        "aws-portal awsconnector b2bi backup backup-gateway backup-search backup-storage batch bcm-dashboards "
        "bcm-data-exports bcm-pricing-calculator bcm-recommended-actions bedrock bedrock-agentcore bedrock-mantle "
        "billing billingconductor braket budgets bugbust cases cassandra ce chatbot chime cleanrooms cleanrooms-ml "
        "cloud9 clouddirectory cloudformation cloudfront cloudfront-keyvaluestore cloudhsm cloudsearch cloudshell "
        "cloudtrail cloudtrail-data cloudwatch codeartifact codebuild codecatalyst codecommit codeconnections "
        "codedeploy codedeploy-commands-secure codeguru codeguru-profiler codeguru-reviewer codeguru-security "
        "codepipeline codestar codestar-connections codestar-notifications codewhisperer cognito-identity cognito-idp "
        "cognito-sync comprehend comprehendmedical compute-optimizer config connect connect-campaigns consoleapp "
        "consolidatedbilling controlcatalog controltower cost-optimization-hub cur customer-verification databrew "
        "dataexchange datapipeline datasync datazone dax dbqms deadline deepcomposer deepracer detective devicefarm "
        "devops-guru directconnect discovery dlm dms docdb-elastic drs ds ds-data dsql dynamodb ebs ec2 "
        "ec2-instance-connect ec2messages ecr ecr-public ecs ecs-mcp eks eks-auth eks-mcp elasticache "
        "elasticbeanstalk elasticfilesystem elasticloadbalancing elasticmapreduce elastictranscoder "
        "elemental-activations elemental-appliances-software elemental-inference elemental-support-cases "
        "elemental-support-content emr-containers emr-serverless entityresolution es events evidently evs execute-api "
        "finspace finspace-api firehose fis fms forecast frauddetector freertos freetier fsx gamelift gameliftstreams "
        "geo geo-maps geo-places geo-routes glacier globalaccelerator glue grafana greengrass groundstation "
        "groundtruthlabeling guardduty health health-agent healthlake honeycode iam identity-sync identitystore "
        "identitystore-auth imagebuilder importexport inspector inspector-scan inspector2 inspector2-telemetry "
        "interconnect internetmonitor invoicing iot iot-device-tester iotanalytics iotdeviceadvisor iotevents "
        "iotfleethub iotfleetwise iotjobsdata iotmanagedintegrations iotsitewise iottwinmaker iotwireless iq "
        "iq-permission ivs ivschat kafka kafka-cluster kafkaconnect kendra kendra-ranking kinesis kinesisanalytics "
        "kinesisvideo kms lakeformation lambda launchwizard lex license-manager license-manager-linux-subscriptions "
        "license-manager-user-subscriptions lightsail logs lookoutequipment lookoutmetrics lookoutvision m2 "
        "machinelearning macie2 managedblockchain managedblockchain-query mapcredits marketplacecommerceanalytics "
        "mechanicalturk mediaconnect mediaconvert mediaimport medialive mediapackage mediapackage-vod mediapackagev2 "
        "mediastore mediatailor medical-imaging memorydb mgh mgn migrationhub-orchestrator migrationhub-strategy "
        "mobileanalytics mobiletargeting monitron mpa mq neptune-db neptune-graph network-firewall "
        "network-security-director networkflowmonitor networkmanager networkmanager-chat networkmonitor nimble "
        "notifications notifications-contacts nova-act oam observabilityadmin odb omics one opensearch opsworks "
        "opsworks-cm organizations osis outposts panorama partnercentral partnercentral-account-management "
        "payment-cryptography payments pca-connector-ad pca-connector-scep pcs personalize pi pipes polly pricing "
        "pricingplanmanager private-networks profile proton purchase-orders q qapps qbusiness qdeveloper qldb "
        "quicksight ram rbin rds rds-data rds-db redshift redshift-data redshift-serverless refactor-spaces "
        "rekognition repostspace researchstudio resiliencehub resource-explorer resource-explorer-2 resource-groups "
        "rhelkb robomaker rolesanywhere route53 route53-recovery-cluster route53-recovery-control-config "
        "route53-recovery-readiness route53domains route53globalresolver route53profiles route53resolver rtbfabric "
        "rum s3 s3-object-lambda s3-outposts s3express s3files s3tables s3vectors sagemaker "
        "sagemaker-data-science-assistant sagemaker-geospatial sagemaker-mlflow sagemaker-unified-studio-mcp "
        "savingsplans scheduler schemas scn sdb secretsmanager security-ir securityagent securityhub securitylake "
        "serverlessrepo servicecatalog servicediscovery serviceextract servicequotas ses shield signer signin "
        "simspaceweaver sms sms-voice snow-device-management snowball sns social-messaging sqlworkbench sqs ssm "
        "ssm-contacts ssm-guiconnect ssm-incidents ssm-quicksetup ssm-sap ssmmessages sso sso-directory sso-oauth "
        "states storagegateway sts support support-console supportapp supportplans sustainability swf synthetics tag "
        "tax textract thinclient timestream timestream-influxdb tiros tnb transcribe transfer transform "
        "transform-custom translate trustedadvisor ts user-subscriptions uxc vendor-insights verified-access "
        "verifiedpermissions voiceid vpc-lattice vpc-lattice-svcs vpce waf waf-regional wafv2 wam wellarchitected "
        "wickr wisdom workdocs worklink workmail workmailmessageflow workspaces workspaces-instances workspaces-web "
        "xray"
    )
)
"""What stands before the colon of an action: the Service Authorization Reference, as ol-parliament 1.7.0 has it. `make
audit` compares. An SDK client often has another name: `stepfunctions` is `states`."""
OTHER_ARN_SERVICES = frozenset(words("catalog elastic-inference route53-recovery-control"))
"""Services in ARNs by another name than in actions (the same source)."""
PARTITION = "aws"
GZIP = 16 + zlib.MAX_WBITS
"""How zlib is told that a file is of gzip."""


def check_service(service: str) -> None:
    """Raise ValueError where no action is of a service: IAM takes it, and grants nothing."""
    if service in IAM_SERVICES:
        return
    signing_name = _signing_name(service)
    if signing_name == service:
        return
    near = signing_name if signing_name in IAM_SERVICES else nearest(service, sorted(IAM_SERVICES))
    raise ValueError(f"names {service}, which is no service of IAM{_meant(near)}")


def check_arn(arn: str) -> str:
    """Return an ARN, or a plain name, as it is. Raise ValueError where its service or its region does not exist."""
    if not arn.startswith("arn:"):
        return arn
    _, _, service, region, *_ = arn.split(":")
    if service not in OTHER_ARN_SERVICES:
        check_service(service)
    if region and "*" not in region and region not in regions():
        raise ValueError(
            f"names the region {region}, which is none that boto3 knows{_meant(nearest(region, sorted(regions())))}"
        )
    return arn


def operations(service: str) -> frozenset[str]:
    """Return the operations of the SDK client that has a service's name; none where there is no such client."""
    return frozenset(mapping(_model(service).get("operations")))


@cache
def regions() -> frozenset[str]:
    """Return the regions of the standard partition."""
    partitions = json.loads((_botocore() / "partitions.json").read_text(encoding="utf-8"))["partitions"]
    [regions_of] = [mapping(one["regions"]) for one in partitions if one["id"] == PARTITION]
    return frozenset(regions_of)


def _meant(name: str | None) -> str:
    return f"; did you mean '{name}'?" if name else ""


def _signing_name(client: str) -> str:
    metadata = mapping(_model(client).get("metadata"))
    return text(metadata, "signingName") or text(metadata, "endpointPrefix")


@cache
def _model(client: str) -> dict[str, Any]:
    versions = sorted((_botocore() / client).glob("*/service-2.json.gz"))
    return json.loads(zlib.decompress(versions[-1].read_bytes(), GZIP)) if versions else {}


def _botocore() -> Path:
    found = find_spec("botocore")
    if found is None or found.origin is None:
        raise RuntimeError("botocore is not installed, which boto3 needs; run `make install`")
    return Path(found.origin).with_name("data")
