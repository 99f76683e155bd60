"""Where each field of the kinds of Kubernetes goes.

The fields are those of Kubernetes 1.36: PodSpec, Container, and the specifications of workloads, Services, Ingresses,
autoscalers and what else an app is made of. The pods of each kind of workload have the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.importing.keys import Key, Keys, dangerous, decided, missing, taken
from infra.importing.kubernetes.pod_keys import POD_SPEC, below

_KUBERNETES = "there is no key: Kubernetes decides"
_NIGHTOWL = "there is no key: it is set as it should be"
_WRITTEN = "there is no key: Kubernetes writes it"
_ADDRESS = "a Service has an address inside the cluster, and 'traffic' is the way in from outside"
_RUNS = "there is no key: a run has one pod; write several apps, or a worker that takes work from a queue"


_METADATA: Keys = {
    "metadata.annotations": decided(
        "apps.X.annotations", "those of the pods are kept; those of the object itself are not"
    ),
    "metadata.labels": decided("apps.X.labels", "those of the pods are kept; those of the object itself are not"),
    "metadata.name": taken("apps"),
    "metadata.namespace": decided("namespace", "the namespace is called as the stack is"),
    "metadata": decided("", "it is written by the cluster, or by tools, and left out"),
    "apiVersion": decided("apps.X.kind", "objects are made in the version that the cluster serves"),
    "kind": taken("apps.X.kind"),
    "status": missing(_WRITTEN),
}
_TEMPLATE: Keys = {
    "metadata.annotations": taken("annotations"),
    "metadata.labels": taken("labels"),
    "metadata": decided("", "it is written by the cluster, or by tools, and left out"),
    **below("spec", POD_SPEC),
}
_MINIMUM: Keys = {
    "minReadySeconds": decided("rollout", "a pod counts when it has been ready for 5s"),
    "paused": missing("there is no key: an update goes on to its end; write strategy or surge under 'rollout'"),
    "progressDeadlineSeconds": taken("rollout.deadline"),
    "replicas": taken("replicas"),
    "revisionHistoryLimit": decided("", "there is no key: it is set as it should be"),
    "selector": decided("", "the pods of an app carry its name as a label"),
}
_DEPLOYMENT: Keys = {
    **_MINIMUM,
    "strategy.type": taken("rollout.strategy"),
    "strategy.rollingUpdate": decided("rollout", "it says nothing, so the defaults of a stack file hold"),
    "strategy.rollingUpdate.maxSurge": taken("rollout.surge"),
    "strategy.rollingUpdate.maxUnavailable": decided("rollout", "no pod goes before another serves"),
    **below("template", _TEMPLATE),
}
_CLAIM: Keys = {
    "accessModes": taken("shared"),
    "dataSource": missing("write the claim that is made of it as 'claim'"),
    "dataSourceRef": missing("write the claim that is made of it as 'claim'"),
    "resources.limits": missing("write it as 'size'"),
    "resources.requests": taken("size"),
    "selector": missing("write the claim that is bound to it as 'claim'"),
    "storageClassName": taken("storageClass"),
    "volumeAttributesClassName": missing("write 'storageClass'"),
    "volumeMode": missing("there is no key: a volume is a folder under 'volumes', and no device"),
    "volumeName": missing("write the claim that is bound to it as 'claim'"),
}
_STATEFUL_SET: Keys = {
    **_MINIMUM,
    "ordinals": missing("there is no key: replicas are counted from 0"),
    "persistentVolumeClaimRetentionPolicy": missing("write it as 'keep' of each volume"),
    "podManagementPolicy": taken("start"),
    "serviceName": decided("", "replicas answer under APP-0.APP-peers"),
    **below("template", _TEMPLATE),
    "updateStrategy.type": decided("rollout", "an update replaces the pods, one after the other"),
    "updateStrategy.rollingUpdate.maxUnavailable": decided("rollout", "replicas are replaced one by one"),
    "updateStrategy.rollingUpdate.partition": taken("partition"),
    "volumeClaimTemplates": taken("volumes"),
    **below("volumeClaimTemplates.*.spec", _CLAIM, "volumes.X"),
    "volumeClaimTemplates.*.metadata": taken("volumes"),
    "volumeClaimTemplates.*.apiVersion": taken("volumes"),
    "volumeClaimTemplates.*.kind": taken("volumes"),
    "volumeClaimTemplates.*.status": missing(_WRITTEN),
}
_JOB: Keys = {
    "activeDeadlineSeconds": taken("timeout"),
    "backoffLimit": taken("retries"),
    "backoffLimitPerIndex": missing(_RUNS),
    "completionMode": missing(_RUNS),
    "completions": missing(_RUNS),
    "managedBy": missing(_NIGHTOWL),
    "manualSelector": missing("leave it out: the pods of an app carry its name as a label"),
    "maxFailedIndexes": missing(_RUNS),
    "parallelism": missing(_RUNS),
    "podFailurePolicy": missing(_NIGHTOWL),
    "podReplacementPolicy": missing(_NIGHTOWL),
    "scheduling": missing(_KUBERNETES),
    "selector": decided("", "the pods of an app carry its name as a label"),
    "successPolicy": missing(_RUNS),
    "suspend": missing("there is no key: take the app out of the stack file until it should run"),
    **below("template", _TEMPLATE),
    "ttlSecondsAfterFinished": decided("", "Jobs of earlier versions are removed when an update is done"),
}
_CRON_JOB: Keys = {
    "concurrencyPolicy": taken("overlap"),
    "failedJobsHistoryLimit": decided("", "there is no key: it is set as it should be"),
    "jobTemplate.metadata": decided("", "labels and annotations are those of the pods"),
    **below("jobTemplate.spec", _JOB),
    "schedule": taken("schedule"),
    "startingDeadlineSeconds": decided("", "there is no key: it is set as it should be"),
    "successfulJobsHistoryLimit": decided("", "there is no key: it is set as it should be"),
    "suspend": taken("schedule"),
    "timeZone": taken("timeZone"),
}
_SERVICE: Keys = {
    "allocateLoadBalancerNodePorts": decided("", _ADDRESS),
    "clusterIP": decided("kind", "a headless Service leads to replicas of kind stateful under APP-0.APP-peers"),
    "clusterIPs": decided("", _ADDRESS),
    "externalIPs": missing(_ADDRESS),
    "externalName": missing("name it in 'env', and open the way to it by 'allowTo'"),
    "externalTrafficPolicy": missing(_ADDRESS),
    "healthCheckNodePort": missing(_ADDRESS),
    "internalTrafficPolicy": missing(_ADDRESS),
    "ipFamilies": decided("", _ADDRESS),
    "ipFamilyPolicy": decided("", _ADDRESS),
    "loadBalancerClass": missing(_ADDRESS),
    "loadBalancerIP": missing(_ADDRESS),
    "loadBalancerSourceRanges": missing(
        "write the networks as 'allowFrom', or as allowFrom below nightowl:loadBalancer"
    ),
    "ports": taken("port, servicePort, ports"),
    "ports.*.nodePort": decided("traffic", "no port of a node is opened; 'traffic' is the way in from outside"),
    "publishNotReadyAddresses": decided("", "APP-0.APP-peers answers while it starts, APP when it is ready"),
    "selector": decided("", "it names the workload in front of which the Service stands"),
    "sessionAffinity": missing("write it as 'traffic.sticky'"),
    "sessionAffinityConfig": missing("write it as 'traffic.sticky'"),
    "trafficDistribution": missing(_KUBERNETES),
    "type": decided("traffic", _ADDRESS),
}
_INGRESS: Keys = {
    "backend": taken("traffic"),
    "defaultBackend": taken("traffic"),
    "defaultBackend.resource": missing("a way in leads to an app"),
    "ingressClassName": decided("", "write it as className below nightowl:platform.ingress"),
    "rules": taken("traffic"),
    "rules.*.http.paths.*.backend.resource": missing("a way in leads to an app"),
    "tls": decided("", "write who signs certificates as clusterIssuer below nightowl:platform.ingress"),
}
_ROUTE: Keys = {
    "hostnames": taken("traffic.hosts"),
    "parentRefs": decided("", "write the ingress controller of the cluster as nightowl:platform.ingress"),
    "rules": missing("hosts and paths are what 'traffic' says; let the app answer the rest"),
    "rules.*.backendRefs": taken("traffic"),
    "rules.*.backendRefs.*.filters": missing("there is no key: an app gets requests as they come"),
    "rules.*.backendRefs.*.group": decided("traffic", "a way in leads to an app"),
    "rules.*.backendRefs.*.kind": decided("traffic", "a way in leads to an app"),
    "rules.*.backendRefs.*.namespace": missing("a way in leads to an app of this stack"),
    "rules.*.backendRefs.*.weight": missing("there is no key: an update replaces the pods step by step"),
    "rules.*.matches.*.path": taken("traffic.paths"),
    "rules.*.matches": missing("hosts and paths are what 'traffic' says; let the app choose by the rest"),
    "rules.*.filters": missing("there is no key: an app gets requests as they come; 'redirect' is the exception"),
}
_AUTOSCALER: Keys = {
    "behavior": missing("write 'scaling.growAfter', 'scaling.growBy' and 'scaling.shrinkAfter'"),
    "behavior.scaleUp.stabilizationWindowSeconds": taken("scaling.growAfter"),
    "behavior.scaleUp.policies": taken("scaling.growBy"),
    "behavior.scaleDown.stabilizationWindowSeconds": taken("scaling.shrinkAfter"),
    "maxReplicas": taken("scaling.max"),
    "metrics": taken("scaling.cpu, scaling.memory"),
    "minReplicas": taken("scaling.min"),
    "scaleTargetRef": taken("scaling"),
    "targetCPUUtilizationPercentage": taken("scaling.cpu"),
}
_BUDGET: Keys = {
    "maxUnavailable": taken("availability.maxUnavailable"),
    "minAvailable": taken("availability.maxUnavailable"),
    "selector": decided("", "the pods of an app carry its name as a label"),
    "unhealthyPodEvictionPolicy": decided("", "there is no key: it is set as it should be"),
}


def _kind(kind: str, spec: Keys, to: str = "apps.X") -> dict[str, Key]:
    return {**below(f"{kind}.*", _METADATA), **below(f"{kind}.*.spec", spec, to)}


_ANY_OTHER = "nothing of it is needed by an app of the input"
_CONFIG_MAP: Mapping[str, Key] = {
    "ConfigMap.*.data": decided("apps.X.env, apps.X.files", _ANY_OTHER),
    "ConfigMap.*.binaryData": missing("it is no text; put it into the image"),
    "ConfigMap.*.immutable": decided("", "pods are replaced when what they are told changes"),
    **below("ConfigMap.*", _METADATA),
}
KEYS: Keys = {
    **below("Pod.*", {**_METADATA, **_TEMPLATE}, "apps.X"),
    **_kind("Deployment", _DEPLOYMENT),
    **_kind("ReplicaSet", {**_MINIMUM, **below("template", _TEMPLATE)}),
    **_kind("ReplicationController", {**_MINIMUM, **below("template", _TEMPLATE)}),
    **_kind("StatefulSet", _STATEFUL_SET),
    **_kind("Job", _JOB),
    **_kind("CronJob", _CRON_JOB),
    **_kind("Service", _SERVICE),
    **_kind("Ingress", _INGRESS),
    **_kind("HTTPRoute", _ROUTE),
    **_kind("GRPCRoute", _ROUTE),
    **_kind("HorizontalPodAutoscaler", _AUTOSCALER),
    **_kind("PodDisruptionBudget", _BUDGET),
    **_kind("PersistentVolumeClaim", _CLAIM, "apps.X.volumes.X"),
    **_kind("NetworkPolicy", {"": decided("apps.X.allowTo, apps.X.allowFrom", "flows are those of the apps")}, ""),
    **_kind(
        "ScaledObject",
        {"": decided("apps.X.scaling", "it stays as it is, and 'scaling.external' leaves it the number")},
        "",
    ),
    **_CONFIG_MAP,
    **{
        f"{kind}.*": one
        for kind, one in {
            "ClusterRole": dangerous("rights in the whole cluster are for those who run it"),
            "ClusterRoleBinding": dangerous("rights in the whole cluster are for those who run it"),
            "DaemonSet": missing("no kind runs one pod on each node; install it beside the stack"),
            "Namespace": decided("namespace", "the namespace is called as the stack is"),
            "PersistentVolume": missing("make it beside the stack, and write its claim as 'claim' of a volume"),
            "Role": missing("each app has a service account of its own, without rights in the cluster"),
            "RoleBinding": missing("each app has a service account of its own, without rights in the cluster"),
            "StorageClass": missing("storage classes are of the cluster; make it beside the stack"),
            "Secret": decided(
                "apps.X.secrets", "its values are written nowhere; a command applies it from its own file"
            ),
            "ServiceAccount": decided("", "each app has a service account of its own, without rights in the cluster"),
        }.items()
    },
}
"""By kind and field; `*` stands for the name of an object and the place in a list."""
