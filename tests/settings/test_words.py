"""Users of Compose, Swarm, Kubernetes and Marathon find their words answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from infra.settings.annotations import keys_at
from infra.settings.app import words
from infra.settings.build import build_settings
from infra.settings.problems import SettingsError
from infra.settings.stack import StackSettings
from infra.settings.stack_file import settings_from_stack_file
from tests.apps.samples import IMAGE

KINDS = ("<web>", "<worker>", "<stateful>", "<cron>", "<job>")
COMPOSE = [
    "attach",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_period",
    "cpu_quota",
    "cpu_shares",
    "cpus",
    "cpuset",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "ipc",
    "links",
    "logging",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "pull_policy",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "userns_mode",
    "uts",
    "volumes_from",
    "working_dir",
    "endpoint_mode",
    "mode",
    "rollback_config",
    "update_config",
]
KUBERNETES = [
    "activeDeadlineSeconds",
    "affinity",
    "apiVersion",
    "automountServiceAccountToken",
    "backoffLimit",
    "clusterIP",
    "concurrencyPolicy",
    "containerPort",
    "containers",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "envFrom",
    "ephemeralContainers",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "hostUsers",
    "imagePullPolicy",
    "imagePullSecrets",
    "initContainers",
    "lifecycle",
    "livenessProbe",
    "maxReplicas",
    "maxSurge",
    "maxUnavailable",
    "metadata",
    "minReadySeconds",
    "minReplicas",
    "name",
    "nodeName",
    "nodePort",
    "nodeSelector",
    "preemptionPolicy",
    "priorityClassName",
    "progressDeadlineSeconds",
    "readinessGates",
    "readinessProbe",
    "restartPolicy",
    "revisionHistoryLimit",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "selector",
    "service",
    "serviceAccount",
    "serviceAccountName",
    "sessionAffinity",
    "shareProcessNamespace",
    "spec",
    "startupProbe",
    "stdin",
    "strategy",
    "subdomain",
    "suspend",
    "targetPort",
    "template",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "updateStrategy",
    "volumeClaimTemplates",
    "volumeMounts",
    "workingDir",
]
MARATHON = [
    "acceptedResourceRoles",
    "backoffFactor",
    "backoffSeconds",
    "cmd",
    "constraints",
    "container",
    "dependencies",
    "disk",
    "executor",
    "fetch",
    "healthChecks",
    "id",
    "instances",
    "maxLaunchDelaySeconds",
    "mem",
    "portDefinitions",
    "readinessChecks",
    "requirePorts",
    "residency",
    "storeUrls",
    "taskKillGracePeriodSeconds",
    "unreachableStrategy",
    "upgradeStrategy",
    "uris",
]
MORE = """
    blkio_config cpu_percent cpu_rt_runtime cpu_rt_period credential_spec driver_opts isolation label_file
    mac_address models provider storage_opt use_api_socket restart_policy hostnameOverride os overhead priority
    resourceClaims schedulingGates setHostnameAsFQDN workloadRef resizePolicy restartPolicyRules stdinOnce
    terminationMessagePath terminationMessagePolicy volumeDevices paused serviceName podManagementPolicy
    persistentVolumeClaimRetentionPolicy ordinals failedJobsHistoryLimit jobTemplate startingDeadlineSeconds
    successfulJobsHistoryLimit backoffLimitPerIndex completionMode completions manualSelector maxFailedIndexes
    parallelism podFailurePolicy podReplacementPolicy successPolicy ttlSecondsAfterFinished managedBy metrics
    scaleTargetRef behavior scaleUp scaleDown selectPolicy policies stabilizationWindowSeconds tolerance
    targetCPUUtilizationPercentage defaultBackend ingressClassName rules tls host http paths path pathType
    backend allocateLoadBalancerNodePorts clusterIPs externalIPs externalName externalTrafficPolicy
    healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP
    loadBalancerSourceRanges publishNotReadyAddresses sessionAffinityConfig trafficDistribution type appProtocol
    protocol check ipAddress killSelection resourceLimits role tasksStats version versionInfo docker
    portMappings parameters forcePullImage network linuxInfo
"""
"""The other keys of a service and its `deploy` (Compose specification), of PodSpec, Container, Deployment, StatefulSet,
Job, CronJob, HorizontalPodAutoscaler, Ingress and Service (Kubernetes 1.36), and of an app (Marathon, version 2)."""
BELOW = [
    ("resources", "replicas"),
    ("resources", "limits"),
    ("rollout", "replicas"),
    ("rollout", "maxSurge"),
    ("scaling", "replicas"),
    ("placement", "constraints"),
    ("traffic", "ingressClassName"),
    ("security", "runAsUser"),
    ("health.readiness", "httpGet"),
    ("volumes.data", "mountPath"),
    ("volumes.data", "hostPath"),
    ("secrets.token", "secretKeyRef"),
    ("sidecars.log", "environment"),
    ("sidecars.log", "volumeMounts"),
    ("init.copy", "workingDir"),
    ("release.resources", "limits"),
]

MORE_BELOW = {
    "rollout": "monitor max_failure_ratio rollingUpdate partition minReadySeconds maxOfflineTasks "
    "parallelism order failure_action",
    "resources": "pids devices generic_resources claims memory_swap reservations",
    "placement": "preferences nodeAffinity podAffinity podAntiAffinity topologySpreadConstraints nodeName "
    "spread nodeSelector",
    "security": "appArmorProfile procMount seLinuxOptions windowsOptions fsGroupChangePolicy "
    "supplementalGroups sysctls cap_drop userns_mode read_only",
    "scaling": "scaleTargetRef selectPolicy policies tolerance minimum maximum cpuPercent target type "
    "averageValue pollingInterval cooldownPeriod triggers",
    "traffic": "defaultBackend rules http pathType backend domains timeout websocket className",
    "health": "test interval timeout retries start_period start_interval disable livenessProbe "
    "readinessProbe startupProbe path port http tcp",
    "health.readiness": "start_period start_interval disable terminationGracePeriodSeconds protocol "
    "gracePeriodSeconds intervalSeconds maxConsecutiveFailures portIndex delaySeconds",
    "availability": "topologySpreadConstraints minAvailable podDisruptionBudget priorityClassName tolerationSeconds",
    "release": "image backoffLimit activeDeadlineSeconds entrypoint environment ttl hooks files secrets",
    "volumes.data": "bind consistency name nfs csi projected downwardAPI subPathExpr mountPropagation "
    "storageClassName volumeName dataSource volumeMode resources labels containerPath mode persistent medium retain",
    "secrets.token": "uid gid mode environment optional defaultMode items",
    "ports.metrics": "target published host_ip mode name containerPort hostPort nodePort targetPort appProtocol "
    "labels hostIP",
    "sidecars.log": "logging privileged restart user depends_on labels annotations init profiles healthcheck "
    "cap_add networks build",
    "init.copy": "build logging privileged lifecycle startupProbe terminationMessagePath tmpfs",
}


def refusal(app: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refused:
        build_settings({"platform": {"kind": "existing", "context": "test"}, "apps": {"web": app}})
    return str(refused.value)


def is_answered(place: str, told: str) -> bool:
    (line,) = (line for line in told.splitlines() if line.startswith(f"nightowl:apps.web.{place}: "))
    return line.startswith(f"nightowl:apps.web.{place}: unknown key; ") and not re.search(
        "did you mean|the keys here are", line
    )


@pytest.mark.parametrize("key", [*COMPOSE, *KUBERNETES, *MARATHON])
def test_a_word_of_others_is_answered_and_never_guessed_at(key: str) -> None:
    told = refusal({"image": IMAGE, "port": 80, key: {}})
    assert len(told.splitlines()) == 1
    assert is_answered(key, told)


@pytest.mark.parametrize(("section", "key"), BELOW)
def test_a_word_of_others_is_answered_below_a_section(section: str, key: str) -> None:
    value: Any = {key: {}}
    for name in reversed(section.split(".")):
        value = {name: value}
    assert is_answered(f"{section}.{key}", refusal({"image": IMAGE, "port": 80, **value}))


def test_every_other_word_of_theirs_is_answered_too() -> None:
    told = refusal({"image": IMAGE, "port": 80, **{key: {} for key in MORE.split()}})
    assert [key for key in MORE.split() if not is_answered(key, told)] == []


@pytest.mark.parametrize("section", MORE_BELOW)
def test_every_other_word_of_theirs_is_answered_below_a_section(section: str) -> None:
    value: Any = {key: {} for key in MORE_BELOW[section].split()}
    for name in reversed(section.split(".")):
        value = {name: value}
    told = refusal({"image": IMAGE, "port": 80, **value})
    assert [key for key in MORE_BELOW[section].split() if not is_answered(f"{section}.{key}", told)] == []


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("daemon", "no kind runs one pod on each node"),
        ("DaemonSet", "no kind runs one pod on each node"),
        ("deployment", "write web"),
        ("StatefulSet", "write stateful"),
        ("cronjob", "write cron"),
        ("singleton", "replicas: 1"),
    ],
)
def test_a_kind_of_others_is_answered(kind: str, answer: str) -> None:
    told = refusal({"image": IMAGE, "kind": kind})
    assert told.startswith(f"nightowl:apps.web.kind: '{kind}' is not web, worker, stateful, cron or job; ")
    assert answer in told


@pytest.mark.parametrize("key", ["services", "volumes", "networks", "configs", "secrets", "version"])
def test_a_compose_file_is_told_where_its_sections_go(key: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.shop.yaml"
    file.write_text(f"{key}: {{}}\nconfig: {{}}\n")
    with pytest.raises(SettingsError) as refused:
        settings_from_stack_file(file)
    assert re.search(rf"^\S+:1: {key}: unknown key; (write|there is none)", str(refused.value), re.MULTILINE)


@pytest.mark.parametrize("key", ["servicePorts", "sysctl", "gpuCount", "workDir", "restarts", "colour"])
def test_what_is_like_no_key_is_not_guessed_at(key: str) -> None:
    assert not re.search(
        "did you mean '(secrets|cpu|kind|replicas|port)'", refusal({"image": IMAGE, "port": 80, key: 1})
    )


ANSWERS = [
    ((), words._APP_WORDS),
    (("health", "readiness"), words._PROBE_WORDS),
    (("resources",), words._RESOURCE_WORDS),
    (("scaling",), words._SCALING_WORDS),
    (("security",), words._SECURITY_WORDS),
    (("rollout",), words._ROLLOUT_WORDS),
    (("placement",), words._PLACEMENT_WORDS),
    (("traffic",), words._TRAFFIC_WORDS),
    (("volumes", "data"), words._VOLUME_WORDS),
    (("secrets", "token"), words._SECRET_WORDS),
    (("sidecars", "log"), words._HELPER_WORDS),
]


@pytest.mark.parametrize(
    ("place", "text"), sorted({(place, text) for place, table in ANSWERS for text in table.values()})
)
def test_a_key_that_an_answer_names_exists(place: tuple[str, ...], text: str) -> None:
    for named in re.findall(r"'([a-zA-Z.]+)'", text):
        *above, key = named.split(".")
        # A key of the section itself, or one of the app.
        holders = [
            ("apps", "web", kind, *start, *above) for kind in KINDS for start in (place, (), ("volumes", "data"))
        ]
        assert any(key in keys_at(StackSettings, holder) for holder in holders), f"{named} in {text!r}"


@pytest.mark.parametrize("text", sorted(set(words._CHART_WORDS.values())))
def test_a_key_of_a_chart_that_an_answer_names_exists(text: str) -> None:
    for named in re.findall(r"'([a-zA-Z]+)", text):
        assert named in keys_at(StackSettings, ("charts", "keda")), f"{named} in {text!r}"
