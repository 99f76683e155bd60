"""Broken namespaces, network policies, Ingresses, roles, secrets and volumes."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import Any

from policies.facts.objects import (
    CONFIG_MAP,
    CRON_JOB,
    LIMIT_RANGE,
    NAMESPACE,
    NETWORK_POLICY,
    RESOURCE_QUOTA,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    STORAGE_CLASS,
)
from policies.families.kubernetes_api import DEFINITION, WEBHOOKS
from policies.families.kubernetes_identity import BINDINGS, ROLES
from policies.families.kubernetes_storage import CLAIM, VOLUME
from tests.policies.harness import Draft, Mutation
from tests.policies.objects import ELSEWHERE, again, an_ingress, container, in_container, pod
from tests.settings.secret_samples import FILES, TOKENS

PSS = "pod-security.kubernetes.io/"


def _labels(draft: Draft) -> dict[str, Any]:
    return draft.of(NAMESPACE)["metadata"]["labels"]


def _policy(draft: Draft, name: str) -> dict[str, Any]:
    return draft.of(NETWORK_POLICY, name)["spec"]


def _in_default(draft: Draft) -> None:
    again(draft, CRON_JOB, "report", namespace="default")


def _from_the_world(draft: Draft) -> None:
    _policy(draft, "web")["ingress"][0]["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}})


def _anywhere(draft: Draft) -> None:
    _policy(draft, "worker")["egress"].append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]})


def _two_ingresses(draft: Draft) -> None:
    an_ingress("shop")(draft)
    an_ingress("store")(draft)


def _plain_ingress(draft: Draft) -> None:
    an_ingress(without="certificate-arn", listen_ports='[{"HTTP": 80}]')(draft)


def _role(*resources: str, verbs: tuple[str, ...] = ("get",), names: tuple[str, ...] = ()) -> Callable[[Draft], object]:
    named = {"resourceNames": list(names)} if names else {}
    rules = [{"apiGroups": ["example.com"], "resources": list(resources), "verbs": list(verbs), **named}]
    return lambda draft: draft.add(ROLES[1], "more", {"metadata": {"name": "more"}, "rules": rules})


def _binding(subject: str, role: str = "view") -> Callable[[Draft], object]:
    subjects = [{"kind": "Group", "name": subject}]
    inputs = {"metadata": {"name": "more"}, "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": subjects}
    return lambda draft: draft.add(BINDINGS[1], "more", inputs)


def _mounted_token(draft: Draft) -> None:
    pod(draft)["automountServiceAccountToken"] = True


def _secret(**contents: object) -> Callable[[Draft], object]:
    return lambda draft: draft.add(SECRET, "more", {"metadata": {"name": "more", "namespace": ELSEWHERE}, **contents})


def _variable(**variable: object) -> Callable[[Draft], object]:
    return in_container(env=[variable])


def _webhook(**webhook: object) -> Callable[[Draft], object]:
    narrow = {"name": "check.example.com", "namespaceSelector": {"matchLabels": {"checked": "true"}}}
    return lambda draft: draft.add(
        WEBHOOKS[0], "more", {"metadata": {"name": "more"}, "webhooks": [{**narrow, **webhook}]}
    )


def _kind_too_late(draft: Draft) -> None:
    spec = {"group": "secrets-store.csi.x-k8s.io", "names": {"kind": "SecretProviderClass"}}
    draft.add(DEFINITION, "classes", {"metadata": {"name": "classes"}, "spec": spec})


def _old_budget(draft: Draft) -> None:
    draft.add("kubernetes:policy/v1beta1:PodDisruptionBudget", "old", {"metadata": {"name": "old"}})


def _claim(draft: Draft) -> None:
    draft.add(CLAIM, "data", {"metadata": {"name": "data", "namespace": "apps"}, "spec": {}})


def _volume_of_a_node(draft: Draft) -> None:
    spec = {"hostPath": {"path": "/var/lib/kubelet"}, "capacity": {"storage": "1Gi"}, "storageClassName": "x"}
    draft.add(VOLUME, "node", {"metadata": {"name": "node"}, "spec": spec})


def _aggregated(draft: Draft) -> None:
    selectors = [{"matchLabels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}]
    draft.add(ROLES[1], "more", {"metadata": {"name": "more"}, "aggregationRule": {"clusterRoleSelectors": selectors}})


def _second_default(draft: Draft) -> None:
    name = draft.get(STORAGE_CLASS).name
    inputs = copy.deepcopy(draft.of(STORAGE_CLASS))
    inputs["metadata"]["name"] = f"{name}-again"
    draft.add(STORAGE_CLASS, f"{name}-again", inputs)


NAMESPACES = [
    Mutation(rule="own-namespace", stack="local", change=_in_default),
    Mutation(
        rule="namespace-enforces-pod-security",
        change=lambda draft: _labels(draft).update({f"{PSS}enforce": "baseline"}),
    ),
    Mutation(rule="namespace-tells-pod-security", change=lambda draft: _labels(draft).pop(f"{PSS}warn")),
    Mutation(rule="namespace-pins-pod-security", change=lambda draft: _labels(draft).pop(f"{PSS}enforce-version")),
    Mutation(rule="namespace-quota", change=lambda draft: draft.remove(RESOURCE_QUOTA)),
    Mutation(rule="namespace-limit-range", change=lambda draft: draft.remove(LIMIT_RANGE)),
]

NETWORK_POLICIES = [
    Mutation(
        rule="namespace-denies-ingress",
        change=lambda draft: _policy(draft, "namespace.default-deny").update(policyTypes=["Egress"]),
    ),
    Mutation(
        rule="namespace-denies-egress",
        change=lambda draft: _policy(draft, "namespace.default-deny").update(policyTypes=["Ingress"]),
    ),
    Mutation(
        rule="namespace-opens-dns",
        change=lambda draft: _policy(draft, "namespace.allow-dns")["egress"][0]["ports"].pop(),
    ),
    Mutation(rule="no-egress-to-metadata", change=_anywhere),
    Mutation(
        rule="network-policy-names-peers",
        change=lambda draft: _policy(draft, "web")["ingress"].append({"ports": [{"port": 9898}]}),
    ),
    Mutation(rule="no-ingress-from-the-world", change=_from_the_world),
    Mutation(rule="network-policy-types", change=lambda draft: _policy(draft, "web").pop("policyTypes")),
    Mutation(
        rule="network-policy-types",
        id="egress-unread",
        change=lambda draft: _policy(draft, "worker").update(policyTypes=["Ingress"]),
    ),
]

EXPOSURE = [
    Mutation(rule="ingress-tls", change=_plain_ingress),
    Mutation(rule="ingress-redirects-to-tls", change=an_ingress(without="ssl-redirect")),
    Mutation(rule="ingress-tls-policy", change=an_ingress(without="ssl-policy")),
    Mutation(rule="ingress-tls-policy", id="old", change=an_ingress(ssl_policy="ELBSecurityPolicy-TLS13-1-1-2021-06")),
    Mutation(
        rule="ingress-load-balancer-attributes",
        change=an_ingress(load_balancer_attributes="deletion_protection.enabled=true,access_logs.s3.enabled=true"),
    ),
    Mutation(rule="ingress-firewall", change=an_ingress(without="wafv2-acl-arn")),
    Mutation(rule="ingress-says-for-whom", change=an_ingress(without="inbound-cidrs")),
    Mutation(rule="host-and-path-once", change=_two_ingresses),
    Mutation(rule="no-node-port", change=lambda draft: draft.of(SERVICE)["spec"].update(type="NodePort")),
    Mutation(
        rule="no-external-addresses", change=lambda draft: draft.of(SERVICE)["spec"].update(externalIPs=["192.0.2.1"])
    ),
]

IDENTITY = [
    Mutation(rule="no-cluster-admin-binding", change=_binding("admins", "cluster-admin")),
    Mutation(rule="no-binding-for-everybody", change=_binding("system:authenticated")),
    Mutation(rule="no-masters-binding", change=_binding("system:masters")),
    Mutation(rule="no-wildcard-role", change=_role("widgets", verbs=("*",))),
    Mutation(rule="no-wildcard-role", id="resources", change=_role("*")),
    Mutation(rule="no-administrator-by-aggregation", change=_aggregated),
    Mutation(rule="no-secret-reading-role", change=_role("secrets", verbs=("list",))),
    Mutation(rule="no-pod-making-role", change=_role("pods", verbs=("create",))),
    Mutation(rule="no-escalating-role", change=_role("clusterroles", verbs=("bind",))),
    Mutation(
        rule="no-escalating-role",
        id="a role of the cluster by name",
        change=_role("clusterroles", verbs=("bind",), names=("mine", "edit")),
    ),
    Mutation(
        rule="no-escalating-role",
        id="more than to bind",
        change=_role("clusterroles", verbs=("bind", "escalate"), names=("mine",)),
    ),
    Mutation(rule="no-node-proxy-role", change=_role("nodes/proxy")),
    Mutation(rule="no-volume-making-role", change=_role("persistentvolumes", verbs=("create",))),
    Mutation(rule="no-webhook-writing-role", change=_role("mutatingwebhookconfigurations", verbs=("patch",))),
    Mutation(rule="no-token-making-role", change=_role("serviceaccounts/token", verbs=("create",))),
    Mutation(
        rule="no-certificate-approving-role", change=_role("certificatesigningrequests/approval", verbs=("update",))
    ),
    Mutation(rule="own-service-account", change=lambda draft: pod(draft).pop("serviceAccountName")),
    Mutation(
        rule="service-account-of-one-app", change=lambda draft: pod(draft, "worker").update(serviceAccountName="web")
    ),
    Mutation(rule="no-unused-token", change=_mounted_token),
    Mutation(
        rule="service-account-mounts-no-token",
        change=lambda draft: draft.of(SERVICE_ACCOUNT, "web").pop("automountServiceAccountToken"),
    ),
    Mutation(rule="no-lasting-token", change=_secret(type="kubernetes.io/service-account-token")),
]

SECRETS = [
    Mutation(
        rule="no-secret-variable",
        change=_variable(name="KEY", valueFrom={"secretKeyRef": {"name": "keys", "key": "one"}}),
    ),
    Mutation(
        rule="no-secret-variable",
        id="all",
        change=lambda draft: container(draft)["envFrom"].append({"secretRef": {"name": "keys"}}),
    ),
    Mutation(rule="no-plain-secret-variable", change=_variable(name="DB_PASSWORD", value="hunter2")),
    Mutation(
        rule="no-plain-secret-variable",
        id="address",
        change=_variable(name="DATABASE_URL", value="postgres://app:hunter2@db.example.com/app"),
    ),
    Mutation(
        rule="no-secret-on-command-line", change=in_container(args=["--db=postgres://app:hunter2@db.example.com/app"])
    ),
    Mutation(
        rule="no-secret-in-config-map",
        change=lambda draft: draft.of(CONFIG_MAP)["data"].update(API_KEY="d2hvIHJlYWRzIHRoaXM"),
    ),
    *(
        Mutation(rule="no-plain-secret-variable", id=kind, change=_variable(name="IT", value=TOKENS[kind]))
        for kind in ("GitHub fine-grained", "GitLab", "JWT", "key in base64", "bearer")
    ),
    Mutation(rule="no-plain-secret-variable", id="name", change=_variable(name="JWT_SIGNING_KEY", value="abc")),
    Mutation(rule="no-secret-on-command-line", id="option", change=in_container(args=["--password", "hunter2"])),
    Mutation(
        rule="no-secret-on-command-line",
        id="hook",
        change=lambda draft: container(draft)["lifecycle"].update(
            postStart={"exec": {"command": ["sh", "-c", "PGPASSWORD=hunter2 psql"]}}
        ),
    ),
    *(
        Mutation(
            rule="no-secret-in-config-map",
            id=path,
            change=lambda draft, path=path: draft.of(CONFIG_MAP)["data"].update({path.rpartition("/")[2]: FILES[path]}),
        )
        for path in ("/etc/app/app.ini", "/home/app/.npmrc", "/home/app/.pgpass", "/etc/app/token")
    ),
    Mutation(
        rule="no-secret-in-config-map",
        id="binary",
        change=lambda draft: draft.of(CONFIG_MAP).update(
            binaryData={"app.ini": base64.b64encode(FILES["/etc/app/app.ini"].encode()).decode()}
        ),
    ),
    Mutation(rule="secret-in-a-store", change=_secret(stringData={"one": "two"})),
]

STORAGE = [
    Mutation(
        rule="storage-class-encrypts", change=lambda draft: draft.of(STORAGE_CLASS)["parameters"].pop("encrypted")
    ),
    Mutation(rule="volume-is-no-folder-of-a-node", change=_volume_of_a_node),
    Mutation(rule="storage-class-waits-for-pod", change=lambda draft: draft.of(STORAGE_CLASS).pop("volumeBindingMode")),
    Mutation(rule="storage-class-grows", change=lambda draft: draft.of(STORAGE_CLASS).pop("allowVolumeExpansion")),
    Mutation(rule="claim-has-a-class", stack="local", change=_claim),
    Mutation(rule="one-default-storage-class", change=_second_default),
]

CLUSTER_API = [
    Mutation(rule="webhook-is-narrow", change=_webhook(namespaceSelector={})),
    Mutation(rule="webhook-is-prompt", change=_webhook(timeoutSeconds=30)),
    Mutation(rule="api-version-served", change=_old_budget),
    Mutation(rule="definition-before-custom-resources", change=_kind_too_late),
]

OBJECTS = [*NAMESPACES, *NETWORK_POLICIES, *EXPOSURE, *IDENTITY, *SECRETS, *STORAGE, *CLUSTER_API]
