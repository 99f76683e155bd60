"""What Compose, Swarm, Kubernetes and Marathon call an app's keys, and what has no key here.

The words are those of the Compose specification with its `deploy`, of the workloads, PodSpec, Container, Service and
Ingress of Kubernetes 1.36, and of an app of Marathon's API, version 2.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.settings.nearest import letters

_SECURITY = "no Pod Security Standard that a namespace enforces here allows it"
_ALWAYS = "there is no key: what ends is started again, the run of a cron app by its 'retries'"
_PORTS = "write the container's port as 'port', more of them under 'ports', and the Service's as 'servicePort'"
_OWN_ACCOUNT = "there is no key: each app has a service account of its own, without rights in the cluster"
_PROBES = "write it under 'health'"
_FORBIDDEN = f"there is no key, as {_SECURITY}"
_HOST_PORT = "there is no key: no port of a node is opened; 'traffic' is the way in from outside"
_FETCH = "there is no key: put it into the image, or fetch it by a container under 'init' into one of the 'volumes'"
_PLACED = "write labels of nodes as 'placement.labels', and the spread as 'availability.zones'"
_OF_KUBERNETES = "there is no key: Kubernetes decides"
_OF_NIGHTOWL = "there is no key: it is set as it should be"
_ONLY_IMAGES = "there is no key: what runs is a container of 'image'"
_NAME = "there is no key: the app's name is its key under nightowl:apps"
_NO_MANIFEST = "this is no manifest: write 'image', 'port' and the other keys of docs/configuration.md here"
_OWN_NAME = "there is no key: the app answers under its own name inside the namespace"
_DNS = "there is no key: the cluster's DNS answers"
_LIFECYCLE = (
    "there is no key: 'init' runs before the app starts, and 'rollout.drain' and 'rollout.finishWithin' say how it ends"
)
_ROLE = "write what its pods may do on AWS under 'permissions'; the role is made from it"
_TERMINAL = "there is no key: a container has no terminal; kubectl exec opens one"

_APP_WORDS: Mapping[str, str] = {
    "acceptedresourceroles": _PLACED,
    "activedeadlineseconds": "write it as 'timeout', of kind cron or job",
    "affinity": "write it under 'placement' (nodes) or 'availability' (spread over zones)",
    "apiversion": _NO_MANIFEST,
    "attach": _TERMINAL,
    "attachpolicy": _ROLE,
    "attachpolicyarns": _ROLE,
    "automountserviceaccounttoken": _OWN_ACCOUNT,
    "autoscaling": "write it under 'scaling'",
    "backofffactor": _ALWAYS,
    "backofflimit": "write it as 'retries', of kind cron or job",
    "backoffseconds": _ALWAYS,
    "build": "there is no key: 'image' names what was built; docs/delivery.md tells how the pipeline builds it",
    "capabilities": "write it as 'security.capabilities'",
    "capadd": "write it as 'security.capabilities'",
    "capdrop": "there is no key: every capability is dropped but those of 'security.capabilities'",
    "cgroup": _FORBIDDEN,
    "cgroupparent": _FORBIDDEN,
    "clusterip": "there is no key: a Service is reached inside the cluster, and from outside by 'traffic'",
    "cmd": "write it as 'command', a list: [sh, -c, ...]",
    "concurrencypolicy": "write it as 'overlap', of kind cron",
    "configmap": "write variables under 'env' and files under 'files'",
    "configmaps": "write variables under 'env' and files under 'files'",
    "configs": "write them under 'files'",
    "constraints": _PLACED,
    "container": "write its parts here, beside 'image'",
    "containername": _NAME,
    "containerport": _PORTS,
    "containers": "write the app's own container here, and those beside it under 'sidecars'",
    "cpu": "write it under 'resources'",
    "cpucount": "write it as 'resources.cpuLimit'",
    "cpuperiod": "write it as 'resources.cpuLimit'",
    "cpuquota": "write it as 'resources.cpuLimit'",
    "cpus": "write it as 'resources.cpu'",
    "cpuset": _OF_KUBERNETES,
    "cpushares": "write it as 'resources.cpu'",
    "cron": "write it as 'schedule', of kind cron",
    "dependencies": "write it as 'dependsOn', a list of apps",
    "dependson": "write it as 'dependsOn', a list of apps",
    "deploy": "write its parts here: 'replicas' or 'scaling', 'resources', 'rollout', 'placement'",
    "develop": _ONLY_IMAGES,
    "devicecgrouprules": _FORBIDDEN,
    "devices": _FORBIDDEN,
    "disk": "write each folder that is written to under 'volumes' or 'writable', with its size",
    "dns": _DNS,
    "dnsconfig": _DNS,
    "dnsopt": _DNS,
    "dnspolicy": _DNS,
    "dnssearch": _DNS,
    "docker": "write its parts here, beside 'image'",
    "dockerfile": "there is no key: 'image' names what was built",
    "domain": "write it as 'traffic.host'",
    "domainname": _OWN_NAME,
    "enableservicelinks": _OF_NIGHTOWL,
    "endpointmode": _OF_KUBERNETES,
    "entrypoint": "write it as 'command'",
    "envfile": "there is no key: write the variables under 'env'",
    "envfrom": "there is no key: write the variables under 'env', and secrets under 'secrets'",
    "environment": "write it as 'env'",
    "ephemeralcontainers": "there is no key: kubectl debug adds them to a running pod",
    "ephemeralstorage": "write the sizes of 'volumes' and 'writable'",
    "executor": _ONLY_IMAGES,
    "expose": _PORTS,
    "extends": "there is no key: YAML's own anchors repeat a section",
    "externallinks": "write it under 'allowTo'",
    "extrahosts": "there is no key: use names that DNS knows, and let 'allowTo' open the way to them",
    "fetch": _FETCH,
    "forcepullimage": "there is no key: a digest is pulled once a node, a tag at each start",
    "gpu": "write it as 'resources.gpu'",
    "gpus": "write their number as 'resources.gpu'",
    "groupadd": "write the group as 'security.group'",
    "healthcheck": _PROBES,
    "healthchecks": _PROBES,
    "horizontalpodautoscaler": "write it under 'scaling'",
    "host": "write it as 'traffic.host'",
    "hostaliases": "there is no key: use names that DNS knows, and let 'allowTo' open the way to them",
    "hostipc": _FORBIDDEN,
    "hostname": _OWN_NAME,
    "hostnetwork": _FORBIDDEN,
    "hostpid": _FORBIDDEN,
    "hostport": _HOST_PORT,
    "hosts": "write them as 'traffic.hosts'",
    "hostusers": _FORBIDDEN,
    "hpa": "write it under 'scaling'",
    "iam": _ROLE,
    "iampolicies": _ROLE,
    "iamrole": _ROLE,
    "iamrolestatements": _ROLE,
    "id": _NAME,
    "imagepullpolicy": "there is no key: a digest is pulled once a node, a tag at each start",
    "imagepullsecrets": "write their names as 'pullSecrets'",
    "ingress": "write it under 'traffic'",
    "initcontainers": "write them under 'init', by name",
    "instances": "write it as 'replicas'",
    "ipc": _FORBIDDEN,
    "irsa": _ROLE,
    "killselection": _OF_KUBERNETES,
    "lifecycle": _LIFECYCLE,
    "limits": "write 'resources.memoryLimit' and 'resources.cpuLimit'",
    "links": "write it under 'allowTo'",
    "livenessprobe": "write it as 'health.liveness'",
    "loadbalancer": "write it under 'traffic'",
    "logging": "there is no key: what a container writes to standard output is its log",
    "matchlabels": _NO_MANIFEST,
    "maxlaunchdelayseconds": _ALWAYS,
    "maxreplicas": "write it as 'scaling.max'",
    "maxsurge": "write it as 'rollout.surge'",
    "maxunavailable": "write it as 'availability.maxUnavailable'",
    "mem": "write it as 'resources.memory'",
    "memlimit": "write it as 'resources.memoryLimit'",
    "memory": "write it under 'resources'",
    "memoryreservation": "write it as 'resources.memory'",
    "memreservation": "write it as 'resources.memory'",
    "memswaplimit": "there is no key: pods do not swap",
    "memswappiness": "there is no key: pods do not swap",
    "metadata": "write 'labels' and 'annotations' here; the app's name is its key under nightowl:apps",
    "minreadyseconds": _OF_NIGHTOWL,
    "minreplicas": "write it as 'scaling.min'",
    "mode": "replicated is the default; there is no kind of app that runs on each node",
    "name": _NAME,
    "networkmode": _FORBIDDEN,
    "networks": "there is no key: apps reach nobody but whom 'allowTo' names",
    "nodename": _PLACED,
    "nodeport": _HOST_PORT,
    "nodeselector": "write it as 'placement.labels'",
    "oomkilldisable": "there is no key: what takes more than 'resources.memoryLimit' is ended",
    "oomscoreadj": "there is no key: Kubernetes sets it by 'resources'",
    "paths": "write them as 'traffic.paths'",
    "persistence": "write it under 'volumes', with kind: persistent",
    "pid": _FORBIDDEN,
    "pidslimit": "there is no key: the node's limits hold",
    "platform": "there is no key: nodes are of one architecture, and 'placement.labels' chooses among them",
    "podannotations": "write them as 'annotations'",
    "poddisruptionbudget": "write it as 'availability.maxUnavailable'",
    "podidentity": _ROLE,
    "policies": _ROLE,
    "policystatements": _ROLE,
    "portdefinitions": _PORTS,
    "portmappings": _PORTS,
    "poststart": _LIFECYCLE,
    "preemptionpolicy": "write it as 'availability.priority'",
    "prestop": _LIFECYCLE,
    "priority": "write it as 'availability.priority'",
    "priorityclassname": "write it as 'availability.priority'",
    "privileged": _FORBIDDEN,
    "probes": _PROBES,
    "profiles": "there is no key: write the app in the stack files that have it, or replicas: 0",
    "progressdeadlineseconds": "write it as 'rollout.deadline'",
    "pullpolicy": "there is no key: a digest is pulled once a node, a tag at each start",
    "readinesschecks": _PROBES,
    "readinessgates": _PROBES,
    "readinessprobe": "write it as 'health.readiness'",
    "readonly": "write it as 'security.readOnlyRoot'",
    "requireports": _HOST_PORT,
    "residency": "write a volume of kind: persistent under 'volumes'",
    "restart": _ALWAYS,
    "restartpolicy": _ALWAYS,
    "revisionhistorylimit": _OF_NIGHTOWL,
    "rolearn": _ROLE,
    "rollbackconfig": "there is no key: the pods of the version before serve until those of the new one are ready",
    "runasgroup": "write it as 'security.group'",
    "runasuser": "write it as 'security.user'",
    "runtime": _OF_KUBERNETES,
    "runtimeclassname": _OF_KUBERNETES,
    "scale": "write it as 'replicas'",
    "schedulername": _OF_KUBERNETES,
    "securitycontext": "write its parts under 'security', whose keys say who the containers are",
    "securityopt": _FORBIDDEN,
    "selector": _NO_MANIFEST,
    "service": f"there is no key: each app with a port has a Service of its name; {_PORTS}",
    "serviceaccount": _OWN_ACCOUNT,
    "serviceaccountname": _OWN_ACCOUNT,
    "sessionaffinity": "write it as 'traffic.sticky'",
    "shareprocessnamespace": "there is no key: each container of a pod sees its own processes only",
    "shmsize": "write it as 'shm'",
    "sidecarcontainers": "write them under 'sidecars', by name",
    "spec": _NO_MANIFEST,
    "startupprobe": "write it as 'health.startup'",
    "stdin": _TERMINAL,
    "stdinopen": _TERMINAL,
    "stopgraceperiod": "write it as 'rollout.finishWithin'",
    "stopsignal": "there is no key: a container is stopped by the signal that its image names",
    "storeurls": _FETCH,
    "strategy": "write it under 'rollout'",
    "subdomain": _OWN_NAME,
    "suspend": "there is no key: leave the app out",
    "sysctls": _FORBIDDEN,
    "targetport": _PORTS,
    "taskkillgraceperiodseconds": "write it as 'rollout.finishWithin'",
    "taskrole": _ROLE,
    "taskrolearn": _ROLE,
    "template": _NO_MANIFEST,
    "terminationgraceperiodseconds": "write it as 'rollout.finishWithin'; the rest of it is computed",
    "terminationmessagepath": _OF_NIGHTOWL,
    "terminationmessagepolicy": _OF_NIGHTOWL,
    "tls": "there is no key: the platform has the certificates of the hosts under 'traffic'",
    "tmpfs": "write its paths as 'writable'",
    "tolerations": "write the keys of the taints as 'placement.tolerate'",
    "topologyspreadconstraints": "write it as 'availability.zones'",
    "ttlsecondsafterfinished": _OF_NIGHTOWL,
    "tty": _TERMINAL,
    "type": "there is no key: a Service is reached inside the cluster, and from outside by 'traffic'",
    "ulimits": "there is no key: the node's limits hold",
    "unreachablestrategy": "write it as 'availability.evictAfter'",
    "updateconfig": "write it under 'rollout'",
    "updatestrategy": "write it under 'rollout'",
    "upgradestrategy": "write it as 'rollout.surge', or as strategy: replace beside it",
    "uris": _FETCH,
    "user": "write it as 'security.user'",
    "usernsmode": _FORBIDDEN,
    "uts": _FORBIDDEN,
    "volumeclaimtemplates": "write them under 'volumes', with kind: persistent",
    "volumemounts": "write them under 'volumes', each with its 'mount'",
    "volumesfrom": "write a volume with 'from' under 'volumes'",
    "workingdir": "there is no key: the image's holds, or a 'command' that changes it: [sh, -c, cd /x && exec y]",
}
_RESOURCE_WORDS: Mapping[str, str] = {
    "disk": "there is no key: write the sizes of the app's volumes",
    "ephemeralstorage": "there is no key: write the sizes of the app's volumes",
    "gpus": "write their number as 'gpu'",
    "replicas": "write it beside 'resources', not below it",
    "cpus": "write it as 'cpu'",
    "limits": "write 'memoryLimit' and 'cpuLimit' here",
    "mem": "write it as 'memory'",
    "ram": "write it as 'memory'",
    "requests": "write 'cpu' and 'memory' here",
    "reservations": "write 'cpu' and 'memory' here",
}

_SCALING_WORDS: Mapping[str, str] = {
    "replicas": "write 'min' and 'max' here, or a fixed number beside it, as replicas",
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


_HELPER_WORDS: Mapping[str, str] = {
    **{
        word: _APP_WORDS[word]
        for word in ("cmd", "entrypoint", "envfile", "envfrom", "environment", "imagepullpolicy", "memlimit")
    },
    "healthcheck": "write the probes of a sidecar under 'health'; an init container runs to its end",
    "livenessprobe": "write it as 'health.liveness', of a sidecar",
    "name": "there is no key: a container's name is its key here",
    "ports": "there is no key: the app's own 'ports' are those of the pod",
    "readinessprobe": "write it as 'health.readiness', of a sidecar",
    "restartpolicy": _ALWAYS,
    "securitycontext": "there is no key: the app's own 'security' is that of all its containers",
    "volumemounts": "there is no key: every container of the app has all of its 'volumes'",
    "volumes": "there is no key: every container of the app has all of its 'volumes'",
    "workingdir": _APP_WORDS["workingdir"],
}
_VOLUME_WORDS: Mapping[str, str] = {
    "accessmodes": "write shared: true for what several nodes write, which is ReadWriteMany",
    "claimname": "write it as 'claim'",
    "configmap": "write the app's 'files' instead",
    "driver": "write the storage class as 'storageClass'",
    "driveropts": "write the storage class as 'storageClass'",
    "emptydir": "write 'mount' and 'size' only: scratch is the default kind",
    "external": "write the claim that is there as 'claim'",
    "hostpath": f"there is no key, as {_SECURITY}",
    "mountpath": "write it as 'mount'",
    "path": "write it as 'mount'",
    "persistentvolumeclaim": "write 'claim' for one that is there, or kind: persistent and 'size' for one of its own",
    "ro": "write readOnly: true",
    "secret": "write the app's 'secrets' instead",
    "sizelimit": "write it as 'size'",
    "source": "write 'claim' for a claim that is there, or 'from' for a volume of another app",
    "storage": "write it as 'size'",
    "target": "write it as 'mount'",
    "tmpfs": "write the app's 'writable' instead",
    "type": "write it as 'kind': scratch or persistent",
}
_ROLLOUT_WORDS: Mapping[str, str] = {
    "delay": _OF_NIGHTOWL,
    "failureaction": "there is no key: the version before serves on",
    "maximumovercapacity": "write it as 'surge'",
    "maxsurge": "write it as 'surge'",
    "maxunavailable": "there is no key: no pod goes before another serves",
    "minimumhealthcapacity": "there is no key: no pod goes before another serves",
    "order": "start-first is the default; stop-first is strategy: replace",
    "parallelism": "write it as 'surge'",
    "progressdeadlineseconds": "write it as 'deadline'",
    "replicas": "write it beside 'rollout', not below it",
    "terminationgraceperiodseconds": "write it as 'finishWithin'",
    "type": "write it as 'strategy': rolling or replace",
}
_PLACEMENT_WORDS: Mapping[str, str] = {
    "affinity": "write 'labels' here",
    "constraints": "write them as 'labels'",
    "maxreplicaspernode": "there is no key: pods of an app are spread over nodes by default",
    "nodeselector": "write it as 'labels'",
    "tolerations": "write the keys of the taints as 'tolerate'",
}
_TRAFFIC_WORDS: Mapping[str, str] = {
    "annotations": "there is no key: 'protocol', 'sticky' and 'redirect' say what annotations would",
    "certificate": _APP_WORDS["tls"],
    "domain": "write it as 'host'",
    "hostname": "write it as 'host'",
    "ingressclassname": "write it as className below nightowl:platform.ingress",
    "prefix": "write it as 'path'",
    "sessionaffinity": "write it as 'sticky'",
    "tls": _APP_WORDS["tls"],
}
_SECRET_WORDS: Mapping[str, str] = {
    "external": "there is no key: every secret is kept elsewhere, under 'ref'",
    "file": "write where the secret is kept as 'ref'; no file of yours holds it",
    "name": "write it as 'ref'",
    "secretkeyref": "write it as 'ref', <Secret>/<key>",
    "secretname": "write it as 'ref'",
    "source": "write it as 'ref'",
    "target": "there is no key: the file is /run/secrets/ and the name of the secret here",
    "value": "write where the secret is kept as 'ref'; no stack file holds one",
}
_SECTION_WORDS: Mapping[str, str] = {
    "addons": "write Helm charts under 'charts', and versions of EKS's own add-ons under 'cluster.addons'",
    "configs": "write the files of an app under its 'files'",
    "helm": "write Helm charts under 'charts'",
    "helmcharts": "write Helm charts under 'charts'",
    "helmreleases": "write Helm charts under 'charts'",
    "kustomizations": "there is none: write what it builds as files, and their folder under 'manifests'",
    "networks": "there is none: apps reach nobody but whom their 'allowTo' names",
    "releases": "write Helm charts under 'charts'",
    "secrets": "write the secrets of an app under its 'secrets'",
    "services": "write each service as an app under 'apps'",
    "version": "there is none: leave it out",
    "volumes": "write the volumes of an app under its 'volumes'",
}
_CHART_WORDS: Mapping[str, str] = {
    "atomic": "there is no key: each object is one of the stack, and the next update goes on where this one stopped",
    "chartversion": "write it as 'version'",
    "createnamespace": "there is no key: the namespace is made",
    "crds": "there is no key: definitions come first, and 'keep' says what becomes of them",
    "dependencies": "write it as 'dependsOn'",
    "iamrole": "write it as 'permissions'",
    "installcrds": "write it in 'values', if it is one of the chart's",
    "needs": "write it as 'dependsOn'",
    "policystatements": "write it as 'permissions'",
    "releasename": "there is no key: the release is called as the chart is here",
    "releasenamespace": "write it as 'namespace'",
    "repo": "write it as 'repository'",
    "repourl": "write it as 'repository'",
    "serviceaccountname": "write it as 'serviceAccount'",
    "set": "write it as 'values'",
    "setvalues": "write it as 'values'",
    "skipcrds": "write it in 'values', if it is one of the chart's",
    "targetnamespace": "write it as 'namespace'",
    "targetrevision": "write it as 'version'",
    "timeout": "there is no key: an object has ten minutes to become ready; 'wait: false' waits for none",
    "valuefiles": "write it as 'valuesFile'",
    "valuesobject": "write it as 'values'",
    "wellknownpolicies": "write it as 'permissions'",
}
"""Of Helm, Helmfile, Argo CD's Application, Flux's HelmRelease and the charts of Terraform's EKS Blueprints."""
_KIND_WORDS: Mapping[str, str] = {
    "cronjob": "write cron",
    "daemon": "no kind runs one pod on each node, as that is for those who run the cluster",
    "daemonset": "no kind runs one pod on each node, as that is for those who run the cluster",
    "deployment": "write web for what serves a port, or worker",
    "global": "no kind runs one pod on each node, as that is for those who run the cluster",
    "replicated": "write web for what serves a port, or worker",
    "service": "write web",
    "singleton": "write worker, with replicas: 1 and rollout: { strategy: replace }",
    "statefulset": "write stateful",
    "task": "write job, or cron for what has a schedule",
}


def answer(place: tuple[str | int, ...]) -> str | None:
    """Return what to write instead of an unknown key at `place` (`apps`, NAME, KEY), or None for a word of nobody's."""
    words = _words(place[:-1])
    return words.get(letters(str(place[-1])))


def kind_answer(kind: str) -> str | None:
    """Return what to write instead of a kind of app that there is not, or None for a word of nobody's."""
    return _KIND_WORDS.get(letters(kind))


def _words(section: tuple[str | int, ...]) -> Mapping[str, str]:
    """Find what others call the keys of a section."""
    match section:
        case ():
            return _SECTION_WORDS
        case ("apps", _):
            return _APP_WORDS
        case ("charts", _):
            return _CHART_WORDS
        case ("apps", _, *_, str(key), _) if key in _BELOW_A_NAME:
            return _BELOW_A_NAME[key]
        case ("apps", _, *_, str(key)):
            return _BELOW.get(key, {})
        case _:
            return {}


_BELOW_A_NAME: Mapping[str, Mapping[str, str]] = {
    "health": _PROBE_WORDS,
    "init": _HELPER_WORDS,
    "secrets": _SECRET_WORDS,
    "sidecars": _HELPER_WORDS,
    "volumes": _VOLUME_WORDS,
}
_BELOW: Mapping[str, Mapping[str, str]] = {
    "placement": _PLACEMENT_WORDS,
    "resources": _RESOURCE_WORDS,
    "rollout": _ROLLOUT_WORDS,
    "scaling": _SCALING_WORDS,
    "security": _SECURITY_WORDS,
    "traffic": _TRAFFIC_WORDS,
}
