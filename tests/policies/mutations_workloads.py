"""Broken workloads: images, resources, probes and what a pod may."""

from __future__ import annotations

import copy

from policies.facts.objects import CRON_JOB, DEPLOYMENT, POD
from tests.policies.harness import Draft, Mutation
from tests.policies.objects import (
    DIGEST,
    container,
    in_container,
    in_container_security,
    in_pod,
    in_pod_security,
    job_container,
    job_pod,
    pod,
)


def _volume(draft: Draft, **source: object) -> None:
    pod(draft)["volumes"].append({"name": "more", **source})


def _bare_pod(draft: Draft) -> None:
    template = copy.deepcopy(draft.of(CRON_JOB)["spec"]["jobTemplate"]["spec"]["template"])
    template["metadata"] |= {"name": "lone", "namespace": "apps"}
    template["spec"]["serviceAccountName"] = "lone"
    draft.add(POD, "lone", template)


def _named_host(draft: Draft) -> None:
    container(draft)["livenessProbe"]["httpGet"]["host"] = "169.254.169.254"


def _unconfined(draft: Draft) -> None:
    template = draft.of(DEPLOYMENT, "web")["spec"]["template"]
    template["metadata"]["annotations"] = {"container.apparmor.security.beta.kubernetes.io/web": "unconfined"}


def _other_ids(draft: Draft) -> None:
    pod(draft)["initContainers"] = [{**container(draft), "name": "before", "securityContext": {"privileged": True}}]


WORKLOADS = [
    Mutation("image-by-digest", in_container(image="ghcr.io/stefanprodan/podinfo:6.15.0")),
    Mutation("image-not-latest", in_container(image="ghcr.io/stefanprodan/podinfo:latest")),
    Mutation("image-not-latest", in_container(image="registry:5000/podinfo"), id="untagged"),
    Mutation("image-names-its-registry", in_container(image=f"podinfo:6.15.0@{DIGEST}")),
    Mutation("cpu-request", lambda draft: job_container(draft)["resources"]["requests"].pop("cpu"), stack="local"),
    Mutation(
        "memory-request",
        # A limit alone is a request as well, so both have to go.
        lambda draft: job_container(draft).update(resources={"requests": {"cpu": "100m"}}),
        stack="local",
        also=("memory-limit",),
    ),
    Mutation("memory-limit", lambda draft: container(draft)["resources"].pop("limits")),
    Mutation("memory-request-is-limit", lambda draft: container(draft)["resources"]["requests"].update(memory="64Mi")),
    Mutation("no-cpu-limit", lambda draft: container(draft)["resources"]["limits"].update(cpu="1")),
    Mutation("scratch-volume-size", lambda draft: _volume(draft, emptyDir={})),
    Mutation("no-service-links", lambda draft: pod(draft).pop("enableServiceLinks")),
    Mutation("few-old-revisions", lambda draft: draft.of(DEPLOYMENT)["spec"].pop("revisionHistoryLimit")),
    Mutation("dns-few-dots", lambda draft: pod(draft).pop("dnsConfig")),
    Mutation("node-loss-toleration", lambda draft: pod(draft).pop("tolerations")),
    Mutation("no-bare-pod", _bare_pod, stack="local"),
]

BASELINE = [
    Mutation("pod-not-privileged", in_container_security(privileged=True)),
    Mutation(
        "pod-not-privileged",
        _other_ids,
        id="before-others",
        also=("pod-no-privilege-escalation", "pod-drops-capabilities", "pod-read-only-root"),
    ),
    Mutation("pod-own-namespaces", in_pod(hostNetwork=True)),
    Mutation("pod-own-namespaces", lambda draft: job_pod(draft).update(hostPID=True), id="cron-job", stack="local"),
    Mutation("pod-no-host-path", lambda draft: _volume(draft, hostPath={"path": "/"})),
    Mutation("pod-no-host-port", lambda draft: container(draft)["ports"][0].update(hostPort=80)),
    Mutation("pod-no-host-process", in_pod_security(windowsOptions={"hostProcess": True})),
    Mutation("pod-masked-proc", in_container_security(procMount="Unmasked")),
    Mutation("pod-safe-sysctls", in_pod_security(sysctls=[{"name": "kernel.msgmax", "value": "65536"}])),
    Mutation("pod-apparmor", in_pod_security(appArmorProfile={"type": "Unconfined"})),
    Mutation("pod-apparmor", _unconfined, id="annotation"),
    Mutation("pod-selinux", in_container_security(seLinuxOptions={"type": "spc_t"})),
    Mutation("pod-probes-own-address", _named_host),
    Mutation(
        "pod-adds-no-capability",
        in_container_security(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN", "NET_BIND_SERVICE"]}),
    ),
]

RESTRICTED = [
    Mutation(
        "pod-no-privilege-escalation", lambda draft: container(draft)["securityContext"].pop("allowPrivilegeEscalation")
    ),
    Mutation("pod-non-root", lambda draft: pod(draft)["securityContext"].pop("runAsNonRoot")),
    Mutation("pod-non-root", in_container_security(runAsNonRoot=False), id="container"),
    Mutation("pod-no-user-zero", in_container_security(runAsUser=0)),
    Mutation("pod-seccomp", lambda draft: pod(draft)["securityContext"].pop("seccompProfile")),
    Mutation("pod-drops-capabilities", lambda draft: container(draft)["securityContext"].pop("capabilities")),
    Mutation("pod-volume-types", lambda draft: _volume(draft, nfs={"server": "files.example.com", "path": "/"})),
    Mutation("pod-read-only-root", in_container_security(readOnlyRootFilesystem=False)),
    Mutation("pod-high-user-id", in_pod_security(runAsUser=1000)),
    Mutation("pod-high-user-id", lambda draft: pod(draft)["securityContext"].pop("runAsUser"), id="unset"),
]

PROBES = [
    Mutation("liveness-probe", lambda draft: container(draft).pop("livenessProbe")),
    Mutation("readiness-probe", lambda draft: container(draft).pop("readinessProbe")),
    Mutation(
        "probes-differ",
        lambda draft: container(draft)["livenessProbe"].update(
            httpGet={"path": "/readyz", "port": 9898}, periodSeconds=10
        ),
    ),
    Mutation("startup-probe", lambda draft: container(draft).pop("startupProbe")),
    Mutation(
        "probe-command-timeout", in_container(livenessProbe={"exec": {"command": ["true"]}, "failureThreshold": 3})
    ),
    Mutation("liveness-patience", lambda draft: container(draft)["livenessProbe"].update(failureThreshold=1)),
]

PODS = [*WORKLOADS, *BASELINE, *RESTRICTED, *PROBES]
