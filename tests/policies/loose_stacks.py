"""Stack files that use every key outside of the apps, at its loosest: on EKS, and on a cluster that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.apps.samples import IMAGE, cron, job, web, worker
from tests.settings.every_form import OUTPUT

ROLE = "arn:aws:iam::111122223333:role"
OWN_IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/web" + IMAGE[IMAGE.index("@") :]
POLICY = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
OWN = {"output": OUTPUT}
SHORT_FORMS = ("s3", "sqs", "sns", "dynamodb", "secretsManager", "ses", "bedrock")
OF_OUTPUTS = [
    *({service: OWN} for service in SHORT_FORMS),
    {"s3": OWN, "access": "readWrite", "prefix": "in/", "kmsKey": OWN},
    {
        "actions": ["sqs:PurgeQueue"],
        "resources": [OWN],
        "conditions": {"StringEquals": {"aws:ResourceTag/team": ["shop"]}},
    },
]
DISK = {"mount": "/data", "size": "5Gi", "kind": "persistent"}
GITHUB = {
    "repository": "example/nightowl",
    "repositoryId": "123456789",
    "deploy": ["repo:example/nightowl:environment:dev"],
    "preview": ["repo:example/nightowl:pull_request"],
    "ephemeral": ["repo:example/nightowl:environment:ephemeral"],
}

LOOSE: Mapping[str, Mapping[str, Any]] = {
    "dev, loose": {
        "platform": {
            "kind": "eks",
            "region": "eu-central-1",
            "accountId": "111122223333",
            "protect": False,
            "tags": {"team": "shop"},
        },
        "network": {
            "cidr": "10.30.0.0/20",
            "zones": 2,
            "nat": "single",
            "interfaceEndpoints": ["autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "sts"],
            "flowLogRetentionDays": 30,
        },
        "cluster": {
            "version": "1.36",
            "addonsVersion": "1.35",
            "nodesVersion": "1.35",
            "tier": "tier-xl",
            "publicAccess": ["203.0.113.0/24"],
            "deletionProtection": False,
            "zonalShift": False,
            "logRetentionDays": 30,
            "autoscalerSync": "10s",
            "addons": {"coredns": "v1.13.1-eksbuild.1"},
            "access": {
                "admins": [f"{ROLE}/admin", f"{ROLE}/other-admin"],
                "deployers": [f"{ROLE}/deployer"],
                "viewers": [f"{ROLE}/viewer"],
                "breakGlass": f"{ROLE}/break-glass",
                "namespaces": {"shop": {"editors": [f"{ROLE}/editor"], "viewers": [f"{ROLE}/guest"]}},
            },
        },
        "nodePools": {
            "system": {"instanceTypes": ["t4g.medium"], "min": 1, "max": 1, "system": True, "os": "bottlerocket"},
            "spot": {"instanceTypes": ["m7g.large"], "min": 0, "max": 1000, "capacity": "spot", "disk": "2000Gi"},
            "special": {
                "instanceTypes": ["m7g.large"],
                "min": 0,
                "imageRelease": "1.35.0-20261110",
                "labels": {"example.com/disk": "fast"},
                "taints": [{"key": "gpu", "value": "yes", "effect": "NoExecute"}],
            },
        },
        # Without a domain there is no certificate.
        "loadBalancer": {
            "public": True,
            "waf": False,
            "logRetentionDays": 30,
            "idleTimeoutSeconds": 4000,
            "priorities": {"web": 7},
        },
        "delivery": {
            "backend": "s3://state-111122223333?region=eu-central-1",
            "github": GITHUB,
            "readers": [f"{ROLE}/reader"],
            "secrets": ["shop/"],
            "permissions": [
                {
                    "actions": ["rds:DescribeDBInstances", "rds:ModifyDBInstance"],
                    "resources": ["arn:aws:rds:eu-central-1:111122223333:db:shop-*"],
                    "conditions": {"StringEquals": {"aws:ResourceTag/stack": ["dev"]}},
                }
            ],
            "runner": True,
        },
        "namespace": {
            "name": "shop",
            "labels": {"team": "shop"},
            "quota": {"cpu": "1000", "memory": "1000Gi", "pods": 10000},
            "networkPolicies": False,
        },
        "apps": {"web": web(image=OWN_IMAGE, build="web", traffic={"path": "/"})},
    },
    "dev, open": {
        "cluster": {"publicAccess": ["8.0.0.0/7", "16.0.0.0/4"], "access": {"deployers": [f"{ROLE}/deployer"]}},
        "nodePools": {
            "system": {"instanceTypes": ["m7g.large", "m6g.large"], "min": 2, "system": True},
            "large": {"instanceTypes": ["m7g.16xlarge"], "min": 1000, "max": 1000},
        },
        "loadBalancer": {"public": True, "waf": True, "wafRateLimit": 2_000_000_000, "domain": "dev.example.com"},
        "delivery": {"github": GITHUB, "promotesFrom": "test"},
        "apps": {
            "web": web(image=OWN_IMAGE, build="web", traffic={"host": "app.dev.example.com"}),
            "database": web(port=5432, traffic={"protocol": "tcp"}),
            "shell": web(port=22, traffic={"protocol": "tcp"}),
            "voice": web(ports={"talk": {"port": 5004, "protocol": "udp"}}, traffic={"protocol": "udp"}),
            "image": web(image="app:1"),
        },
    },
    "local, loose": {
        "platform": {
            "kind": "existing",
            "context": "test",
            "kubeconfig": "kubeconfig",
            "zones": True,
            "ingress": {"className": "nginx", "namespace": "ingress-nginx", "controller": "nginx"},
        },
        "namespace": {"existing": True, "networkPolicies": False},
        "apps": {
            "web": web(traffic={"hosts": ["app.example.com", "*.example.com"], "sticky": "1h"}),
            "shared": web(volumes={"data": {**DISK, "shared": True}}),
            "writer": worker(image="app:1", replicas=1, volumes={"data": {**DISK, "was": "old.files"}}),
            "report": cron(volumes={"data": DISK}, permissions=[{"policy": POLICY}, *OF_OUTPUTS]),
            "seed": job(volumes={"data": DISK}),
        },
    },
    "local, charts": {
        "platform": {"kind": "existing", "context": "test"},
        "apps": {"web": web(scaling={"external": True})},
        "charts": {
            "greeter": {
                "chart": "tests/e2e/greeter",
                "namespace": "greetings",
                "podSecurity": "privileged",
                "values": {"replicas": 2, "auth": {"password": "none-of-the-kind"}},
                "valuesFile": "tests/e2e/greeter/values.yaml",
                "apiVersions": ["monitoring.coreos.com/v1"],
                "permissions": [
                    {"policy": POLICY},
                    {"s3": "uploads", "access": "read", "prefix": "in/"},
                    {
                        "actions": ["sqs:PurgeQueue"],
                        "resources": ["*"],
                        "conditions": {"StringEquals": {"aws:SourceVpc": "v"}},
                    },
                    *OF_OUTPUTS,
                ],
                "serviceAccount": "greeter",
                "needsNodes": False,
                "wait": False,
                "dependsOn": ["other"],
                "beforeApps": True,
                "keep": False,
                "notSecret": ["values.auth.password"],
            },
            "other": {"repository": "https://charts.example.com", "version": "1.2.3"},
        },
        "manifests": [{"folder": "tests/e2e/greeter/crds", "beforeApps": True, "keep": False}],
    },
    "local, issuer": {
        "platform": {
            "kind": "existing",
            "context": "test",
            "ingress": {"className": "nginx", "namespace": "ingress-nginx", "clusterIssuer": "letsencrypt"},
        },
        "apps": {"web": web(traffic={"path": "/app"}), "shop": web(traffic={"host": "shop.example.com"})},
    },
}
"""What stands in place of the sections of a shipped stack, by the stack and what is done to it."""
