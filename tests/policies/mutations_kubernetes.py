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
    Mutation("own-namespace", _in_default, stack="local"),
    Mutation("namespace-enforces-pod-security", lambda draft: _labels(draft).update({f"{PSS}enforce": "baseline"})),
    Mutation("namespace-tells-pod-security", lambda draft: _labels(draft).pop(f"{PSS}warn")),
    Mutation("namespace-pins-pod-security", lambda draft: _labels(draft).pop(f"{PSS}enforce-version")),
    Mutation("namespace-quota", lambda draft: draft.remove(RESOURCE_QUOTA)),
    Mutation("namespace-limit-range", lambda draft: draft.remove(LIMIT_RANGE)),
]

NETWORK_POLICIES = [
    Mutation(
        "namespace-keeps-network-policies",
        lambda draft: draft.of(NAMESPACE)["metadata"].update(annotations={"network-policies/left-out-by": "somebody"}),
    ),
    Mutation(
        "namespace-denies-ingress",
        lambda draft: _policy(draft, "namespace.default-deny").update(policyTypes=["Egress"]),
    ),
    Mutation(
        "namespace-denies-egress",
        lambda draft: _policy(draft, "namespace.default-deny").update(policyTypes=["Ingress"]),
    ),
    Mutation("namespace-opens-dns", lambda draft: _policy(draft, "namespace.allow-dns")["egress"][0]["ports"].pop()),
    Mutation("no-egress-to-metadata", _anywhere),
    Mutation(
        "network-policy-names-peers", lambda draft: _policy(draft, "web")["ingress"].append({"ports": [{"port": 9898}]})
    ),
    Mutation("no-ingress-from-the-world", _from_the_world),
    Mutation("network-policy-types", lambda draft: _policy(draft, "web").pop("policyTypes")),
    Mutation(
        "network-policy-types",
        lambda draft: _policy(draft, "worker").update(policyTypes=["Ingress"]),
        id="egress-unread",
    ),
]

EXPOSURE = [
    Mutation("ingress-tls", _plain_ingress),
    Mutation("ingress-redirects-to-tls", an_ingress(without="ssl-redirect")),
    Mutation("ingress-tls-policy", an_ingress(without="ssl-policy")),
    Mutation("ingress-tls-policy", an_ingress(ssl_policy="ELBSecurityPolicy-TLS13-1-1-2021-06"), id="old"),
    Mutation(
        "ingress-load-balancer-attributes",
        an_ingress(load_balancer_attributes="deletion_protection.enabled=true,access_logs.s3.enabled=true"),
    ),
    Mutation("ingress-firewall", an_ingress(without="wafv2-acl-arn")),
    Mutation("ingress-says-for-whom", an_ingress(without="inbound-cidrs")),
    Mutation("host-and-path-once", _two_ingresses),
    Mutation("no-node-port", lambda draft: draft.of(SERVICE)["spec"].update(type="NodePort")),
    Mutation("no-external-addresses", lambda draft: draft.of(SERVICE)["spec"].update(externalIPs=["192.0.2.1"])),
]

IDENTITY = [
    Mutation("no-cluster-admin-binding", _binding("admins", "cluster-admin")),
    Mutation("no-binding-for-everybody", _binding("system:authenticated")),
    Mutation("no-masters-binding", _binding("system:masters")),
    Mutation("no-wildcard-role", _role("widgets", verbs=("*",))),
    Mutation("no-wildcard-role", _role("*"), id="resources"),
    Mutation("no-administrator-by-aggregation", _aggregated),
    Mutation("no-secret-reading-role", _role("secrets", verbs=("list",))),
    Mutation("no-pod-making-role", _role("pods", verbs=("create",))),
    Mutation("no-escalating-role", _role("clusterroles", verbs=("bind",))),
    Mutation(
        "no-escalating-role",
        _role("clusterroles", verbs=("bind",), names=("mine", "edit")),
        id="a role of the cluster by name",
    ),
    Mutation(
        "no-escalating-role", _role("clusterroles", verbs=("bind", "escalate"), names=("mine",)), id="more than to bind"
    ),
    Mutation("no-node-proxy-role", _role("nodes/proxy")),
    Mutation("no-volume-making-role", _role("persistentvolumes", verbs=("create",))),
    Mutation("no-webhook-writing-role", _role("mutatingwebhookconfigurations", verbs=("patch",))),
    Mutation("no-token-making-role", _role("serviceaccounts/token", verbs=("create",))),
    Mutation("no-certificate-approving-role", _role("certificatesigningrequests/approval", verbs=("update",))),
    Mutation("own-service-account", lambda draft: pod(draft).pop("serviceAccountName")),
    Mutation("service-account-of-one-app", lambda draft: pod(draft, "worker").update(serviceAccountName="web")),
    Mutation("no-unused-token", _mounted_token),
    Mutation(
        "service-account-mounts-no-token",
        lambda draft: draft.of(SERVICE_ACCOUNT, "web").pop("automountServiceAccountToken"),
    ),
    Mutation("no-lasting-token", _secret(type="kubernetes.io/service-account-token")),
]

SECRETS = [
    Mutation("no-secret-variable", _variable(name="KEY", valueFrom={"secretKeyRef": {"name": "keys", "key": "one"}})),
    Mutation(
        "no-secret-variable",
        lambda draft: container(draft)["envFrom"].append({"secretRef": {"name": "keys"}}),
        id="all",
    ),
    Mutation("no-plain-secret-variable", _variable(name="DB_PASSWORD", value="hunter2")),
    Mutation(
        "no-plain-secret-variable",
        _variable(name="DATABASE_URL", value="postgres://app:hunter2@db.example.com/app"),
        id="address",
    ),
    Mutation("no-secret-on-command-line", in_container(args=["--db=postgres://app:hunter2@db.example.com/app"])),
    Mutation(
        "no-secret-in-config-map", lambda draft: draft.of(CONFIG_MAP)["data"].update(API_KEY="d2hvIHJlYWRzIHRoaXM")
    ),
    *(
        Mutation("no-plain-secret-variable", _variable(name="IT", value=TOKENS[kind]), id=kind)
        for kind in ("GitHub fine-grained", "GitLab", "JWT", "key in base64", "bearer")
    ),
    Mutation("no-plain-secret-variable", _variable(name="JWT_SIGNING_KEY", value="abc"), id="name"),
    Mutation("no-secret-on-command-line", in_container(args=["--password", "hunter2"]), id="option"),
    Mutation(
        "no-secret-on-command-line",
        lambda draft: container(draft)["lifecycle"].update(
            postStart={"exec": {"command": ["sh", "-c", "PGPASSWORD=hunter2 psql"]}}
        ),
        id="hook",
    ),
    *(
        Mutation(
            "no-secret-in-config-map",
            lambda draft, path=path: draft.of(CONFIG_MAP)["data"].update({path.rpartition("/")[2]: FILES[path]}),
            id=path,
        )
        for path in ("/etc/app/app.ini", "/home/app/.npmrc", "/home/app/.pgpass", "/etc/app/token")
    ),
    Mutation(
        "no-secret-in-config-map",
        lambda draft: draft.of(CONFIG_MAP).update(
            binaryData={"app.ini": base64.b64encode(FILES["/etc/app/app.ini"].encode()).decode()}
        ),
        id="binary",
    ),
    Mutation("secret-in-a-store", _secret(stringData={"one": "two"})),
]

STORAGE = [
    Mutation("storage-class-encrypts", lambda draft: draft.of(STORAGE_CLASS)["parameters"].pop("encrypted")),
    Mutation("volume-is-no-folder-of-a-node", _volume_of_a_node),
    Mutation("storage-class-waits-for-pod", lambda draft: draft.of(STORAGE_CLASS).pop("volumeBindingMode")),
    Mutation("storage-class-grows", lambda draft: draft.of(STORAGE_CLASS).pop("allowVolumeExpansion")),
    Mutation("claim-has-a-class", _claim, stack="local"),
    Mutation("one-default-storage-class", _second_default),
]

CLUSTER_API = [
    Mutation("webhook-is-narrow", _webhook(namespaceSelector={})),
    Mutation("webhook-is-prompt", _webhook(timeoutSeconds=30)),
    Mutation("api-version-served", _old_budget),
    Mutation("definition-before-custom-resources", _kind_too_late),
]

OBJECTS = [*NAMESPACES, *NETWORK_POLICIES, *EXPOSURE, *IDENTITY, *SECRETS, *STORAGE, *CLUSTER_API]
