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
    Mutation(rule="image-by-digest", change=in_container(image="ghcr.io/stefanprodan/podinfo:6.15.0")),
    Mutation(rule="image-not-latest", change=in_container(image="ghcr.io/stefanprodan/podinfo:latest")),
    Mutation(rule="image-not-latest", id="untagged", change=in_container(image="registry:5000/podinfo")),
    Mutation(rule="image-names-its-registry", change=in_container(image=f"podinfo:6.15.0@{DIGEST}")),
    Mutation(
        rule="cpu-request",
        stack="local",
        change=lambda draft: job_container(draft)["resources"]["requests"].pop("cpu"),
    ),
    Mutation(
        rule="memory-request",
        stack="local",
        # A limit alone is a request as well, so both have to go.
        change=lambda draft: job_container(draft).update(resources={"requests": {"cpu": "100m"}}),
        also=("memory-limit",),
    ),
    Mutation(rule="memory-limit", change=lambda draft: container(draft)["resources"].pop("limits")),
    Mutation(
        rule="memory-request-is-limit",
        change=lambda draft: container(draft)["resources"]["requests"].update(memory="64Mi"),
    ),
    Mutation(rule="no-cpu-limit", change=lambda draft: container(draft)["resources"]["limits"].update(cpu="1")),
    Mutation(rule="scratch-volume-size", change=lambda draft: _volume(draft, emptyDir={})),
    Mutation(rule="no-service-links", change=lambda draft: pod(draft).pop("enableServiceLinks")),
    Mutation(rule="few-old-revisions", change=lambda draft: draft.of(DEPLOYMENT)["spec"].pop("revisionHistoryLimit")),
    Mutation(rule="dns-few-dots", change=lambda draft: pod(draft).pop("dnsConfig")),
    Mutation(rule="node-loss-toleration", change=lambda draft: pod(draft).pop("tolerations")),
    Mutation(rule="no-bare-pod", stack="local", change=_bare_pod),
]

BASELINE = [
    Mutation(rule="pod-not-privileged", change=in_container_security(privileged=True)),
    Mutation(
        rule="pod-not-privileged",
        id="before-others",
        change=_other_ids,
        also=("pod-no-privilege-escalation", "pod-drops-capabilities", "pod-read-only-root"),
    ),
    Mutation(rule="pod-own-namespaces", change=in_pod(hostNetwork=True)),
    Mutation(
        rule="pod-own-namespaces",
        id="cron-job",
        stack="local",
        change=lambda draft: job_pod(draft).update(hostPID=True),
    ),
    Mutation(rule="pod-no-host-path", change=lambda draft: _volume(draft, hostPath={"path": "/"})),
    Mutation(rule="pod-no-host-port", change=lambda draft: container(draft)["ports"][0].update(hostPort=80)),
    Mutation(rule="pod-no-host-process", change=in_pod_security(windowsOptions={"hostProcess": True})),
    Mutation(rule="pod-masked-proc", change=in_container_security(procMount="Unmasked")),
    Mutation(rule="pod-safe-sysctls", change=in_pod_security(sysctls=[{"name": "kernel.msgmax", "value": "65536"}])),
    Mutation(rule="pod-apparmor", change=in_pod_security(appArmorProfile={"type": "Unconfined"})),
    Mutation(rule="pod-apparmor", id="annotation", change=_unconfined),
    Mutation(rule="pod-selinux", change=in_container_security(seLinuxOptions={"type": "spc_t"})),
    Mutation(rule="pod-probes-own-address", change=_named_host),
    Mutation(
        rule="pod-adds-no-capability",
        change=in_container_security(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN", "NET_BIND_SERVICE"]}),
    ),
]

RESTRICTED = [
    Mutation(
        rule="pod-no-privilege-escalation",
        change=lambda draft: container(draft)["securityContext"].pop("allowPrivilegeEscalation"),
    ),
    Mutation(rule="pod-non-root", change=lambda draft: pod(draft)["securityContext"].pop("runAsNonRoot")),
    Mutation(rule="pod-non-root", id="container", change=in_container_security(runAsNonRoot=False)),
    Mutation(rule="pod-no-user-zero", change=in_container_security(runAsUser=0)),
    Mutation(rule="pod-seccomp", change=lambda draft: pod(draft)["securityContext"].pop("seccompProfile")),
    Mutation(
        rule="pod-drops-capabilities", change=lambda draft: container(draft)["securityContext"].pop("capabilities")
    ),
    Mutation(
        rule="pod-volume-types", change=lambda draft: _volume(draft, nfs={"server": "files.example.com", "path": "/"})
    ),
    Mutation(rule="pod-read-only-root", change=in_container_security(readOnlyRootFilesystem=False)),
    Mutation(rule="pod-high-user-id", change=in_pod_security(runAsUser=1000)),
    Mutation(rule="pod-high-user-id", id="unset", change=lambda draft: pod(draft)["securityContext"].pop("runAsUser")),
]

PROBES = [
    Mutation(rule="liveness-probe", change=lambda draft: container(draft).pop("livenessProbe")),
    Mutation(rule="readiness-probe", change=lambda draft: container(draft).pop("readinessProbe")),
    Mutation(
        rule="probes-differ",
        change=lambda draft: container(draft)["livenessProbe"].update(httpGet={"path": "/readyz", "port": 9898}),
    ),
    Mutation(rule="startup-probe", change=lambda draft: container(draft).pop("startupProbe")),
    Mutation(
        rule="probe-command-timeout",
        change=in_container(livenessProbe={"exec": {"command": ["true"]}, "failureThreshold": 3}),
    ),
    Mutation(
        rule="liveness-patience", change=lambda draft: container(draft)["livenessProbe"].update(failureThreshold=1)
    ),
]

PODS = [*WORKLOADS, *BASELINE, *RESTRICTED, *PROBES]
