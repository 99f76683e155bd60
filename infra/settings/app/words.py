"""What Docker Compose and Kubernetes call an app's keys, and what has no key here.

The words are those of the Compose specification and of the PodSpec, Container and Service of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.settings.nearest import letters

_SECURITY = "no Pod Security Standard that a namespace enforces here allows it"
_ALWAYS = "there is no key: what ends is started again, the run of a cron app by its 'retries'"
_PORTS = "write the container's port as 'port', more of them under 'ports', and the Service's as 'servicePort'"
_OWN_ACCOUNT = "there is no key: each app has a service account of its own, without rights in the cluster"
_PROBES = "write it under 'health'"

_APP_WORDS: Mapping[str, str] = {
    "affinity": "write it under 'placement' (nodes) or 'availability' (spread over zones)",
    "autoscaling": "write it under 'scaling'",
    "build": "there is no key: 'image' names what was built; docs/delivery.md tells how the pipeline builds it",
    "capabilities": "write it as 'security.capabilities'",
    "capadd": "write it as 'security.capabilities'",
    "capdrop": "there is no key: every capability is dropped but those of 'security.capabilities'",
    "configmap": "write variables under 'env' and files under 'files'",
    "configs": "write them under 'files'",
    "containername": "there is no key: the app's name is its key under nightowl:apps",
    "containerport": _PORTS,
    "containers": "write the app's own container here, and those beside it under 'sidecars'",
    "cpu": "write it under 'resources'",
    "cpus": "write it as 'resources.cpu'",
    "dependson": "write it as 'dependsOn', a list of apps",
    "deploy": "write its parts here: 'replicas' or 'scaling', 'resources', 'rollout', 'placement'",
    "devices": f"there is no key, as {_SECURITY}",
    "dns": "there is no key: the cluster's DNS answers",
    "dockerfile": "there is no key: 'image' names what was built",
    "domain": "write it as 'traffic.host'",
    "entrypoint": "write it as 'command'",
    "envfile": "there is no key: write the variables under 'env'",
    "envfrom": "there is no key: write the variables under 'env', and secrets under 'secrets'",
    "environment": "write it as 'env'",
    "expose": _PORTS,
    "gpu": "write it as 'resources.gpu'",
    "gpus": "write their number as 'resources.gpu'",
    "healthcheck": _PROBES,
    "host": "write it as 'traffic.host'",
    "hostname": "there is no key: the app answers under its own name inside the namespace",
    "hostnetwork": f"there is no key, as {_SECURITY}",
    "hosts": "an app has one: write it as 'traffic.host'",
    "imagepullpolicy": "there is no key: a digest is pulled once a node, a tag at each start",
    "imagepullsecrets": "write their names as 'pullSecrets'",
    "ingress": "write it under 'traffic'",
    "initcontainers": "write them under 'init', by name",
    "ipc": f"there is no key, as {_SECURITY}",
    "limits": "write 'resources.memoryLimit' and 'resources.cpuLimit'",
    "links": "write it under 'allowTo'",
    "livenessprobe": "write it as 'health.liveness'",
    "logging": "there is no key: what a container writes to standard output is its log",
    "memlimit": "write it as 'resources.memoryLimit'",
    "memory": "write it under 'resources'",
    "memreservation": "write it as 'resources.memory'",
    "name": "there is no key: the app's name is its key under nightowl:apps",
    "networkmode": f"there is no key, as {_SECURITY}",
    "networks": "there is no key: apps reach nobody but whom 'allowTo' names",
    "nodeselector": "write it as 'placement.labels'",
    "pid": f"there is no key, as {_SECURITY}",
    "podannotations": "write them as 'annotations'",
    "poddisruptionbudget": "write it as 'availability.maxUnavailable'",
    "priorityclassname": "write it as 'availability.priority'",
    "privileged": f"there is no key, as {_SECURITY}",
    "readinessprobe": "write it as 'health.readiness'",
    "readonly": "write it as 'security.readOnlyRoot'",
    "restart": _ALWAYS,
    "restartpolicy": _ALWAYS,
    "runasuser": "write it as 'security.user'",
    "runasgroup": "write it as 'security.group'",
    "scale": "write it as 'replicas'",
    "securitycontext": "write its parts under 'security', whose keys say who the containers are",
    "securityopt": f"there is no key, as {_SECURITY}",
    "service": f"there is no key: each app with a port has a Service of its name; {_PORTS}",
    "serviceaccount": _OWN_ACCOUNT,
    "serviceaccountname": _OWN_ACCOUNT,
    "shmsize": "write it as 'shm'",
    "startupprobe": "write it as 'health.startup'",
    "stopgraceperiod": "write it as 'rollout.finishWithin'",
    "stopsignal": "there is no key: a container is stopped by the signal that its image names",
    "strategy": "write it under 'rollout'",
    "sysctls": f"there is no key, as {_SECURITY}",
    "targetport": _PORTS,
    "terminationgraceperiodseconds": "write it as 'rollout.finishWithin'; the rest of it is computed",
    "tmpfs": "write its paths as 'writable'",
    "tolerations": "write the keys of the taints as 'placement.tolerate'",
    "topologyspreadconstraints": "write it as 'availability.zones'",
    "ulimits": "there is no key: the node's limits hold",
    "updateconfig": "write it under 'rollout'",
    "user": "write it as 'security.user'",
    "volumemounts": "write them under 'volumes', each with its 'mount'",
    "workingdir": "there is no key: the image's holds, or a 'command' that changes it: [sh, -c, cd /x && exec y]",
}
_RESOURCE_WORDS: Mapping[str, str] = {
    "cpus": "write it as 'cpu'",
    "limits": "write 'memoryLimit' and 'cpuLimit' here",
    "mem": "write it as 'memory'",
    "ram": "write it as 'memory'",
    "requests": "write 'cpu' and 'memory' here",
    "reservations": "write 'cpu' and 'memory' here",
}

_SCALING_WORDS: Mapping[str, str] = {
    "averageutilization": "write it as 'cpu' or 'memory'",
    "behavior": "write 'growAfter', 'growBy' and 'shrinkAfter' here",
    "calm": "write it as 'growAfter'",
    "cooldown": "write it as 'shrinkAfter'",
    "maxreplicas": "write it as 'max'",
    "metrics": "write 'cpu' and 'memory' here; no other metrics are served here",
    "minreplicas": "write it as 'min'",
    "scaledown": "write its window as 'shrinkAfter'",
    "scaleup": "write its window as 'growAfter', and its policy as 'growBy'",
    "schedule": "there is no key: nothing here changes the least by the hour; write what the busy hour begins with as "
    "'min', as replicas without load cost only what they request",
    "stabilizationwindowseconds": "write it as 'growAfter' or 'shrinkAfter'",
    "targetcpuutilizationpercentage": "write it as 'cpu'",
    "targetmemoryutilizationpercentage": "write it as 'memory'",
}

_SECURITY_WORDS: Mapping[str, str] = {
    "add": "write it as 'capabilities'",
    "allowprivilegeescalation": "there is no key: no process gains rights that its parent did not have",
    "capadd": "write it as 'capabilities'",
    "drop": "there is no key: every capability is dropped but those of 'capabilities'",
    "fsgroup": "write it as 'group'",
    "privileged": f"there is no key, as {_SECURITY}",
    "readonlyrootfilesystem": "write it as 'readOnlyRoot'",
    "runasgroup": "write it as 'group'",
    "runasnonroot": "there is no key: 'user' says it",
    "runasuser": "write it as 'user'",
    "seccompprofile": "there is no key: it is RuntimeDefault",
}

_PROBE_WORDS: Mapping[str, str] = {
    "command": "write it as 'exec'",
    "failurethreshold": "write it as 'failures'",
    "host": "write it below 'headers'",
    "httpget": "write its path as 'http', and 'port', 'scheme' and 'headers' beside it",
    "httpheaders": "write them as 'headers'",
    "initialdelayseconds": "write it as 'initialDelay'",
    "interval": "write it as 'period'",
    "path": "write it as 'http'",
    "periodseconds": "write it as 'period'",
    "retries": "write it as 'failures'",
    "successthreshold": "write it as 'successes'",
    "tcpsocket": "write its port as 'tcp'",
    "test": "write its command as 'exec'",
    "timeoutseconds": "write it as 'timeout'",
}


def answer(place: tuple[str | int, ...]) -> str | None:
    """Return what to write instead of an unknown key at `place` (`apps`, NAME, KEY), or None for a word of nobody's."""
    match place:
        case ("apps", _, str(key)):
            return _APP_WORDS.get(letters(key))
        case ("apps", _, "resources", str(key)):
            return _RESOURCE_WORDS.get(letters(key))
        case ("apps", _, "scaling", str(key)):
            return _SCALING_WORDS.get(letters(key))
        case ("apps", _, "security", str(key)):
            return _SECURITY_WORDS.get(letters(key))
        case ("apps", _, "health", _, str(key)) | ("apps", _, "sidecars", _, "health", _, str(key)):
            return _PROBE_WORDS.get(letters(key))
        case _:
            return None
