"""Where each field of a pod goes: PodSpec, Container and Probe of Kubernetes 1.36."""

from __future__ import annotations

from infra.importing.keys import Key, Keys, dangerous, decided, missing, taken

_KUBERNETES = "there is no key: Kubernetes decides"
_FORBIDDEN = "no Pod Security Standard that a namespace enforces here allows it; it is left out"
_DNS = "there is no key: the cluster's DNS answers"


def below(path: str, keys: Keys, to: str = "") -> dict[str, Key]:
    """Return keys below a path, and their targets below one."""
    return {
        f"{path}.{key}" if key else path: Key(
            column=one.column, to=".".join(filter(None, (to if one.to else "", one.to))), text=one.text
        )
        for key, one in keys.items()
    }


_PROBE: Keys = {
    "exec": taken("exec"),
    "failureThreshold": taken("failures"),
    "grpc": taken("grpc"),
    "httpGet": taken("http"),
    "httpGet.host": missing("a probe asks the pod itself; write a name as headers: {Host: ...}"),
    "initialDelaySeconds": decided("health.startWithin", "a container is asked from its start, for so long"),
    "periodSeconds": taken("period"),
    "successThreshold": decided("successes", "of readiness only; one success is enough for the others"),
    "tcpSocket": taken("tcp"),
    "tcpSocket.host": missing("a probe asks the pod itself"),
    "terminationGracePeriodSeconds": missing("there is no key: a container ends as 'rollout.finishWithin' says"),
    "timeoutSeconds": taken("timeout"),
}
_CONTAINER: Keys = {
    "args": taken("args"),
    "command": taken("command"),
    "env": taken("env", "values that look like secrets become secrets"),
    "env.*.valueFrom.fileKeyRef": missing("write the value under 'env'"),
    "envFrom": taken("env", "with the keys of the ConfigMap or the Secret"),
    "image": taken("image"),
    "imagePullPolicy": decided("image", "a digest is pulled once a node, a tag at each start"),
    "lifecycle.postStart": missing("'init' runs before the app starts"),
    "lifecycle.preStop": missing("'rollout.drain' and 'rollout.finishWithin' say how it ends; a pause is the drain"),
    "lifecycle.stopSignal": missing("set STOPSIGNAL in the image"),
    **below("livenessProbe", _PROBE, "health.liveness"),
    "name": decided("sidecars", "the app's own container is called as the app is"),
    "ports": taken("ports"),
    "ports.*.hostIP": dangerous("no port of a node is opened; 'traffic' is the way in from outside"),
    "ports.*.hostPort": dangerous("no port of a node is opened; 'traffic' is the way in from outside"),
    **below("readinessProbe", _PROBE, "health.readiness"),
    "resizePolicy": missing(_KUBERNETES),
    "resources.claims": missing("write GPUs as 'resources.gpu'"),
    "resources.limits": taken("resources"),
    "resources.requests": taken("resources"),
    "restartPolicy": decided("sidecars", "an init container with Always is a sidecar"),
    "restartPolicyRules": missing("there is no key: what ends is started again, the run of a task by its 'retries'"),
    "securityContext": decided("security", "all containers of an app have the one under 'security' of the app"),
    "securityContext.allowPrivilegeEscalation": decided("security", "no process gains rights that its parent had not"),
    "securityContext.appArmorProfile": missing("there is no key: the profile of the container runtime holds"),
    "securityContext.procMount": dangerous(_FORBIDDEN),
    "securityContext.seLinuxOptions": missing("there is no key: the container runtime labels a container"),
    "securityContext.windowsOptions": missing("there is no key: nodes run Linux"),
    **below("startupProbe", _PROBE, "health.startup"),
    "stdin": missing("there is no key: a container has no terminal; kubectl exec opens one"),
    "stdinOnce": missing("there is no key: a container has no terminal; kubectl exec opens one"),
    "terminationMessagePath": missing("there is no key: what a container writes to standard output is its log"),
    "terminationMessagePolicy": missing("there is no key: what a container writes to standard output is its log"),
    "tty": missing("there is no key: a container has no terminal; kubectl exec opens one"),
    "volumeDevices": missing("there is no key: a volume is a folder under 'volumes', and no device"),
    "volumeMounts": taken("volumes", "files of a ConfigMap are 'files', those of a Secret 'secrets'"),
    "volumeMounts.*.recursiveReadOnly": missing("write readOnly: true of the volume"),
    "workingDir": missing("there is no key: write [sh, -c, 'cd FOLDER && exec PROGRAM'] as 'command'"),
}
POD_SPEC: Keys = {
    "activeDeadlineSeconds": missing("write it as 'timeout', of kind cron or job"),
    "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution": missing(
        "there is no key: a label is required, as 'placement.labels', or none is"
    ),
    "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution": missing(
        "one label with one value is what 'placement.labels' says; label your nodes so"
    ),
    "affinity.podAffinity": missing(
        "there is no key: pods are spread; run containers that belong together as 'sidecars'"
    ),
    "affinity.podAntiAffinity": decided("availability", "pods of an app are spread over zones and nodes by default"),
    "automountServiceAccountToken": decided("", "each app has a service account of its own, and no token of it"),
    **below("containers.*", _CONTAINER),
    "dnsConfig": missing(_DNS),
    "dnsPolicy": decided("", "the cluster's DNS answers"),
    "enableServiceLinks": decided("", "apps are found by name, and not by variables"),
    "ephemeralContainers": missing("there is no key: kubectl debug adds them to a running pod"),
    "evictionInterceptors": missing(_KUBERNETES),
    "evictionResponders": missing(_KUBERNETES),
    "hostAliases": missing("there is no key: use names that DNS knows, and let 'allowTo' open the way to them"),
    "hostIPC": dangerous(_FORBIDDEN),
    "hostNetwork": dangerous(_FORBIDDEN),
    "hostPID": dangerous(_FORBIDDEN),
    "hostUsers": decided("", "there is no key: Kubernetes decides"),
    "hostname": missing("the app answers under its own name, and replicas of kind stateful under theirs"),
    "hostnameOverride": missing("the app answers under its own name, and replicas of kind stateful under theirs"),
    "imagePullSecrets": taken("pullSecrets"),
    **below("initContainers.*", _CONTAINER, "init"),
    "nodeName": missing("write labels of nodes as 'placement.labels'"),
    "nodeSelector": taken("placement.labels"),
    "os": missing("there is no key: nodes run Linux"),
    "overhead": missing(_KUBERNETES),
    "preemptionPolicy": missing("write it as 'availability.priority'"),
    "priority": missing("write it as 'availability.priority'"),
    "priorityClassName": decided("availability.priority", "high, normal and low are the classes here"),
    "readinessGates": missing("write it under 'health'"),
    "resourceClaims": missing("write GPUs as 'resources.gpu'"),
    "resources": missing("write 'resources' of the app and of its sidecars"),
    "restartPolicy": decided("kind", "what ends is started again, the run of a task by its 'retries'"),
    "runtimeClassName": missing(_KUBERNETES),
    "schedulerName": missing(_KUBERNETES),
    "schedulingGates": missing(_KUBERNETES),
    "schedulingGroup": missing(_KUBERNETES),
    "securityContext.appArmorProfile": missing("there is no key: the profile of the container runtime holds"),
    "securityContext.fsGroup": taken("security.group"),
    "securityContext.fsGroupChangePolicy": missing(_KUBERNETES),
    "securityContext.runAsGroup": taken("security.group"),
    "securityContext.runAsNonRoot": taken("security.user"),
    "securityContext.runAsUser": taken("security.user"),
    "securityContext.seLinuxChangePolicy": missing("there is no key: the container runtime labels a container"),
    "securityContext.seLinuxOptions": missing("there is no key: the container runtime labels a container"),
    "securityContext.seccompProfile": taken("security"),
    "securityContext.supplementalGroups": missing("write the group that counts as 'security.group'"),
    "securityContext.supplementalGroupsPolicy": missing(_KUBERNETES),
    "securityContext.sysctls": dangerous("settings of a node are for those who run it"),
    "securityContext.windowsOptions": missing("there is no key: nodes run Linux"),
    "serviceAccount": decided("", "each app has a service account of its own, without rights in the cluster"),
    "serviceAccountName": decided("", "each app has a service account of its own, without rights in the cluster"),
    "setHostnameAsFQDN": missing("the app answers under its own name inside the namespace"),
    "shareProcessNamespace": missing("there is no key: the containers of a pod do not see each other's processes"),
    "subdomain": decided("", "replicas of kind stateful answer under APP-0.APP-peers"),
    "terminationGracePeriodSeconds": taken("rollout.finishWithin"),
    "tolerations": taken("placement.tolerate"),
    "topologySpreadConstraints": decided("availability.zones", "pods are spread over zones and nodes by default"),
    "volumes": taken("volumes", "ConfigMaps are 'files', Secrets 'secrets', and scratch space without size 'writable'"),
    "volumes.*.projected.defaultMode": missing("there is no key: files can be read by the app's group"),
    "volumes.*.projected.defaultUser": missing("there is no key: files can be read by the app's group"),
    "volumes.*.hostPath": dangerous("a folder of the node is never mounted; use a volume"),
    "volumes.*.secret.defaultMode": missing("there is no key: secrets can be read by the app's group"),
    "volumes.*.secret.optional": missing("there is no key: a pod waits for its secrets"),
    "volumes.*.configMap.defaultMode": missing("there is no key: files can be read by all"),
    "volumes.*.configMap.optional": missing("there is no key: 'files' are always there"),
    "workloadRef": missing("write what it refers to as an app"),
}
