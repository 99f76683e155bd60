"""Where the keys of Marathon go: those of an app, a pod and a group of its API, version 2, older forms included."""

from __future__ import annotations

from collections.abc import Mapping

from infra.importing.keys import Key, Keys, dangerous, decided, missing, taken
from infra.settings.app.words import answer

_OF_THE_MOMENT = "how it is or was; no part of the definition"
_RESTARTS = "there is no key: Kubernetes starts what ended again, after 10s, 20s, 40s and so on up to 5m"
_NOT_PLACED = "write labels of nodes as 'placement.labels', and the spread as 'availability.zones'"
_CHOICE_OF_A_DISK = "there is no key: the storage class chooses; name one as 'storageClass'"
_AGENT = "there is no key: what runs is a container of 'image', and no executor of an agent"
_PULL = "create a Secret of type kubernetes.io/dockerconfigjson, and name it in 'pullSecrets'"
_HOST_PATH = (
    "left out: a folder of a machine; data of one machine is lost with it, so write a volume of kind: persistent, and "
    "configuration as 'files'"
)
_NETWORK = "there is no key: all apps of a namespace share a network, and 'allowTo' says who calls whom"
_PRIVILEGED = "left out: it gives a container the whole machine; what each machine needs is installed by its own chart"

_EXPUNGED = decided("apps.X.availability.evictAfter", "a pod on a lost node is replaced and given up at the same time")


def _word(key: str) -> str:
    return answer(("apps", "X", key)) or "there is no key for it"


def _check(to: str, *, kind: str) -> Mapping[str, Key]:
    """Return the keys that checks of apps and of pods share."""
    how = "Marathon kills a task after so many failures; so liveness gives up, and readiness takes traffic away at once"
    return {
        "delaySeconds": decided(f"{to}.startWithin", "startWithin asks from the start on, and ends with a good answer"),
        "gracePeriodSeconds": taken(f"{to}.startWithin"),
        "intervalSeconds": taken(f"{to}.readiness.period"),
        "maxConsecutiveFailures": decided(f"{to}.liveness.failures", how),
        "timeoutSeconds": taken(f"{to}.readiness.timeout"),
        "http": taken(f"{to}.readiness.http"),
        "tcp": taken(f"{to}.readiness.tcp"),
        "exec": taken(f"{to}.readiness.exec"),
        "": taken(f"{to}.{kind}"),
    }


def _port(to: str) -> Mapping[str, Key]:
    return {
        "containerPort": taken(to),
        "port": taken(to),
        "number": taken(to),
        "hostPort": missing(_word("hostport")),
        "servicePort": taken("apps.X.servicePort"),
        "protocol": taken("apps.X.ports"),
        "name": taken("apps.X.ports"),
        "labels": decided("apps.X.servicePort", "the port of a VIP_n is that of the Service; other labels say nothing"),
        "networkNames": missing(_NETWORK),
    }


def _volume() -> Mapping[str, Key]:
    return {
        "containerPath": taken("apps.X.volumes.V.mount"),
        "hostPath": dangerous(_HOST_PATH),
        "host": dangerous(_HOST_PATH),
        "mode": taken("apps.X.volumes.V.readOnly"),
        "name": taken("apps.X.volumes.V"),
        "secret": decided("apps.X.secrets", "it is the file /run/secrets/<name>; point the app there"),
        "persistent.size": taken("apps.X.volumes.V.size"),
        "persistent": missing(_CHOICE_OF_A_DISK),
        "external.name": taken("apps.X.volumes.V"),
        "external.size": taken("apps.X.volumes.V.size"),
        "external.shared": taken("apps.X.volumes.V.shared"),
        "external.provider": missing(_CHOICE_OF_A_DISK),
        "external.options": missing(_CHOICE_OF_A_DISK),
    }


def _artifact() -> Mapping[str, Key]:
    return {
        "uri": decided("apps.X.init.fetch", "a container fetches it into the sandbox, a scratch volume"),
        "extract": taken("apps.X.init.fetch"),
        "executable": taken("apps.X.init.fetch"),
        "destPath": taken("apps.X.init.fetch"),
        "cache": missing("there is no key: each pod fetches; put what is large into the image"),
    }


def _resources(to: str) -> Mapping[str, Key]:
    return {
        "cpus": taken(f"{to}.cpu"),
        "mem": taken(f"{to}.memory"),
        "gpus": taken(f"{to}.gpu"),
        "disk": missing(_word("disk")),
    }


def _limits(to: str) -> Mapping[str, Key]:
    return {"cpus": taken(f"{to}.cpuLimit"), "mem": taken(f"{to}.memoryLimit")}


def _upgrade() -> Mapping[str, Key]:
    return {
        "maximumOverCapacity": taken("apps.X.rollout.surge"),
        "minimumHealthCapacity": decided("apps.X.rollout", "see maximumOverCapacity; no more than one pod is missing"),
    }


def _linux() -> Mapping[str, Key]:
    return {
        "ipcInfo.shmSize": taken("apps.X.shm"),
        "ipcInfo.mode": missing("there is no key: each container has its own shared memory, of the size 'shm'"),
        "seccomp.profileName": missing("there is no key: the profile of the container runtime holds"),
        "seccomp.unconfined": dangerous("left out: a container without seccomp may call all of the kernel"),
    }


def _env() -> Key:
    return taken("apps.X.env", "{secret: ...} becomes an entry of apps.X.secrets with its env")


def _below(path: str, keys: Mapping[str, Key]) -> dict[str, Key]:
    return {f"{path}.{key}".rstrip("."): value for key, value in keys.items()}


_SHARED: Mapping[str, Key] = {
    "id": taken("apps.X", "the last part of the id, or all of it where that is not unique"),
    "labels": taken("apps.X.labels", "or annotations, where the text is none for a label"),
    "role": missing(_word("role")),
    "user": decided("apps.X.security.user", "containers run as numbers; root stays root"),
    "secrets": taken("apps.X.secrets", "declared where they are used"),
    "version": decided("", _OF_THE_MOMENT),
    "versionInfo": decided("", _OF_THE_MOMENT),
    "networks": missing(_NETWORK),
    "dependencies": taken("apps.X.dependsOn"),
    **_below("executorResources", {"": missing(_AGENT)}),
}
_APP: Mapping[str, Key] = {
    **_SHARED,
    "acceptedResourceRoles": missing(_word("acceptedresourceroles")),
    "args": taken("apps.X.args", "apps.X.command where there is no image"),
    "backoffFactor": missing(_RESTARTS),
    "backoffSeconds": missing(_RESTARTS),
    "maxLaunchDelaySeconds": missing(_RESTARTS),
    "cmd": taken("apps.X.command", "[/bin/sh, -c, ...]"),
    "constraints": missing(_NOT_PLACED),
    **_resources("apps.X.resources"),
    **_below("resourceLimits", _limits("apps.X.resources")),
    "env": _env(),
    "executor": missing(_AGENT),
    **_below("fetch.*", _artifact()),
    "uris": decided("apps.X.init.fetch", "a container fetches it into the sandbox, a scratch volume"),
    **_below("healthChecks.*", _check("apps.X.health", kind="readiness")),
    **_below(
        "healthChecks.*",
        {
            "command": taken("apps.X.health.readiness.exec"),
            "path": taken("apps.X.health.readiness.http"),
            "port": taken("apps.X.health.readiness.port"),
            "portIndex": taken("apps.X.health.readiness.port"),
            "protocol": taken("apps.X.health.readiness"),
            "ignoreHttp1xx": missing("there is no key: an answer from 200 to 399 is healthy, any other is not"),
            "ipProtocol": missing("there is no key: the cluster decides between IPv4 and IPv6"),
        },
    ),
    **_below("check", _check("apps.X.health", kind="readiness")),
    **_below(
        "readinessChecks.*",
        {
            "name": decided("", "a name for messages"),
            "protocol": taken("apps.X.health.readiness.scheme"),
            "path": taken("apps.X.health.readiness.http"),
            "portName": taken("apps.X.health.readiness.port"),
            "intervalSeconds": taken("apps.X.health.readiness.period"),
            "timeoutSeconds": taken("apps.X.health.readiness.timeout"),
            "httpStatusCodesForReady": decided("apps.X.health.readiness.http", "any answer from 200 to 399 is ready"),
            "preserveLastResponse": missing("there is no key: `kubectl describe pod` shows the last failure"),
        },
    ),
    "instances": taken("apps.X.replicas"),
    **_below(
        "ipAddress",
        {
            "groups": missing(_NETWORK),
            "labels": missing(_NETWORK),
            "networkName": missing(_NETWORK),
            **_below("discovery.ports.*", _port("apps.X.port")),
        },
    ),
    "ports": taken("apps.X.port", "the first; others stand under apps.X.ports"),
    **_below("portDefinitions.*", _port("apps.X.port")),
    "requirePorts": missing(_word("hostport")),
    "residency": missing("there is no key: a persistent volume follows its pod to another node of its zone"),
    "taskKillGracePeriodSeconds": taken("apps.X.rollout.finishWithin"),
    **_below("upgradeStrategy", _upgrade()),
    "killSelection": missing("there is no key: Kubernetes decides which pod goes first"),
    "unreachableStrategy.inactiveAfterSeconds": taken("apps.X.availability.evictAfter"),
    "unreachableStrategy.expungeAfterSeconds": _EXPUNGED,
    "unreachableStrategy": missing("write 'availability.evictAfter': how long pods stay bound to a lost node"),
    "tty": missing(_word("tty")),
    "container.type": decided("", "the container runtime of the nodes runs it"),
    "container.docker.image": taken("apps.X.image"),
    "container.docker.credential": missing(_PULL),
    "container.docker.pullConfig": missing(_PULL),
    "container.docker.forcePullImage": missing(_word("forcepullimage")),
    "container.docker.network": missing(_NETWORK),
    "container.docker.parameters": missing("options of `docker run`; each that has a key is taken over"),
    **_below("container.docker.portMappings.*", _port("apps.X.port")),
    "container.docker.privileged": dangerous(_PRIVILEGED),
    **_below("container.linuxInfo", _linux()),
    **_below("container.portMappings.*", _port("apps.X.port")),
    **_below("container.volumes.*", _volume()),
    **{
        key: decided("", _OF_THE_MOMENT)
        for key in (
            "tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy", "deployments", "readinessCheckResults",
            "tasks", "lastTaskFailure", "tasksStats", "taskStats", "storeUrls",
        )
    },
}  # fmt: skip
_CONTAINER: Mapping[str, Key] = {
    "name": taken("apps.X.sidecars.S", "the first with an endpoint is the app itself"),
    "exec.command": taken("apps.X.command"),
    "exec.overrideEntrypoint": taken("apps.X.args", "args where the image keeps its entry point"),
    **_below("resources", _resources("apps.X.resources")),
    **_below("resourceLimits", _limits("apps.X.resources")),
    **_below("endpoints.*", _port("apps.X.port")),
    **_below("linuxInfo", _linux()),
    "image.kind": taken("apps.X.image"),
    "image.id": taken("apps.X.image"),
    "image.pullConfig": missing(_PULL),
    "image.forcePull": missing(_word("forcepullimage")),
    "image.labels": missing("there is no key: 'image' names the version"),
    "environment": _env(),
    "user": decided("apps.X.security.user", "the user of all containers of the pod; root stays root"),
    **_below("healthCheck", _check("apps.X.health", kind="readiness")),
    **_below("check", _check("apps.X.health", kind="readiness")),
    **_below(
        "volumeMounts.*",
        {
            "name": taken("apps.X.volumes.V"),
            "mountPath": taken("apps.X.volumes.V.mount"),
            "readOnly": taken("apps.X.volumes.V.readOnly"),
        },
    ),
    **_below("artifacts.*", _artifact()),
    "labels": taken("apps.X.labels", "or annotations, where the text is none for a label"),
    "lifecycle.killGracePeriodSeconds": taken("apps.X.rollout.finishWithin"),
    "tty": missing(_word("tty")),
}
_POD: Mapping[str, Key] = {
    **_SHARED,
    "environment": _env(),
    **_below("containers.*", _CONTAINER),
    **_below("volumes.*", _volume()),
    "scaling.kind": taken("apps.X.replicas"),
    "scaling.instances": taken("apps.X.replicas"),
    "scaling.maxInstances": missing("write 'scaling.max', with an autoscaler instead of 'replicas'"),
    "scheduling.backoff": missing(_RESTARTS),
    **_below("scheduling.upgrade", _upgrade()),
    "scheduling.placement.constraints": missing(_NOT_PLACED),
    "scheduling.placement.acceptedResourceRoles": missing(_word("acceptedresourceroles")),
    "scheduling.killSelection": missing("there is no key: Kubernetes decides which pod goes first"),
    "scheduling.unreachableStrategy.inactiveAfterSeconds": taken("apps.X.availability.evictAfter"),
    "scheduling.unreachableStrategy.expungeAfterSeconds": _EXPUNGED,
    "scheduling.unreachableStrategy": missing(
        "write 'availability.evictAfter': how long pods stay bound to a lost node"
    ),
    **_below("linuxInfo", _linux()),
    "legacySharedCgroups": missing("there is no key: each container has limits of its own"),
    **{
        key: decided("", _OF_THE_MOMENT)
        for key in ("status", "statusSince", "lastUpdated", "lastChanged", "instances", "terminationHistory", "message")
    },
}
_GROUP: Mapping[str, Key] = {
    "id": taken("namespace.name", "the stack has the name of the group that holds all apps"),
    "dependencies": taken("apps.X.dependsOn", "of each app of the group"),
    "scaleBy": missing("there is no key: 'replicas' of each app says its number"),
    "enforceRole": missing(_word("role")),
    "version": decided("", _OF_THE_MOMENT),
}
KEYS: Keys = {**_below("apps.*", _APP), **_below("pods.*", _POD), **_below("groups.*", _GROUP)}
_PLACES = {".".join(path.split(".")[:length]) for path in KEYS for length in range(3, path.count(".") + 2)}
HOLDERS: Keys = {path: decided("", "says nothing") for path in _PLACES}
"""Every key, and every one that holds others: an empty one of these says nothing."""

SAYS_NOTHING: Mapping[str, tuple[object, ...]] = {
    "acceptedResourceRoles": (["*"],),
    "backoffFactor": (1.15,),
    "backoffSeconds": (1,),
    "cache": (False,),
    "disk": (0,),
    "executor": ("",),
    "forcePull": (False,),
    "forcePullImage": (False,),
    "gpus": (0,),
    "hostPort": (0,),
    "ignoreHttp1xx": (False,),
    "ipProtocol": ("IPv4",),
    "killSelection": ("YOUNGEST_FIRST",),
    "legacySharedCgroups": (False,),
    "maxLaunchDelay": (300, 3600),
    "maxLaunchDelaySeconds": (300, 3600),
    "preserveLastResponse": (False,),
    "privileged": (False,),
    "requirePorts": (False,),
    "role": ("*",),
    "tty": (False,),
    "unconfined": (False,),
    "backoff": (1,),
}
"""Values by the last part of their key that Marathon has by default, and its API answers for each app."""
