"""Every key of the Compose specification, those of Swarm included, and where it goes.

The keys are those of the specification's schema of November 2026 (github.com/compose-spec/compose-spec,
schema/compose-spec.json).
"""

from __future__ import annotations

from infra.importing.keys import Key, Keys, dangerous, decided, missing, taken
from infra.settings.app.words import answer

_BUILD = "it is of the build, which stays with the Dockerfile"
_COMPOSE_ONLY = "it is of Docker's own tools, and does nothing to what runs"
_TOP_LABELS = "objects that others make have labels of their own"


def _answered(key: str, *section: str) -> Key:
    """Return a key that the stack file has no key for, with what the loader says of that word."""
    found = answer(("apps", "X", *section, key))
    return missing((found or "there is no key").removeprefix("there is no key: ").removeprefix("there is no key, as "))


def _forbidden(key: str) -> Key:
    return dangerous(_answered(key).text)


_NO_EQUIVALENT = (
    "attach", "blkio_config", "container_name", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota",
    "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpuset", "develop", "dns", "dns_opt", "dns_search", "domainname",
    "external_links", "extra_hosts", "group_add", "isolation", "label_file", "logging", "mac_address",
    "mem_swappiness", "memswap_limit", "models", "oom_kill_disable", "oom_score_adj", "pids_limit", "platform",
    "provider", "runtime", "stdin_open", "stop_signal", "storage_opt", "tty", "ulimits", "volumes_from",
    "working_dir",
)  # fmt: skip
_FORBIDDEN = (
    "cgroup", "cgroup_parent", "credential_spec", "device_cgroup_rules", "devices", "privileged",
    "security_opt", "sysctls", "use_api_socket", "userns_mode", "uts",
)  # fmt: skip
_TAKEN = {
    "annotations": "annotations", "build": "build", "cap_add": "security.capabilities", "cap_drop": "security",
    "command": "args", "configs": "files", "cpus": "resources.cpuLimit", "depends_on": "dependsOn",
    "entrypoint": "command", "env_file": "env", "environment": "env", "expose": "ports", "gpus": "resources.gpu",
    "healthcheck": "health", "image": "image", "labels": "labels", "links": "allowTo", "mem_limit": "resources.memory",
    "mem_reservation": "resources.memory", "networks": "allowTo", "ports": "ports",
    "read_only": "security.readOnlyRoot", "restart": "kind", "scale": "replicas", "secrets": "secrets",
    "security_opt": "security", "shm_size": "shm", "stop_grace_period": "rollout.finishWithin", "tmpfs": "writable",
    "user": "security.user", "volumes": "volumes",
}  # fmt: skip
_SERVICE: dict[str, Key] = {
    **{key: _answered(key) for key in _NO_EQUIVALENT},
    **{key: _forbidden(key) for key in _FORBIDDEN},
    **{key: taken(f"apps.X.{to}") for key, to in _TAKEN.items()},
    "container_name": decided("", (
        "an app is called as its key; where the other name stood in a host's place, the "
        "app's name does now"
    )),
    "deploy": taken("apps.X", "Swarm's part of a service"),
    "deploy.endpoint_mode": missing("a Service has one address, which leads to all replicas"),
    "deploy.labels": taken("apps.X.labels"),
    "deploy.mode": taken("apps.X.kind", "replicated; global has no equivalent"),
    "deploy.placement": missing("write labels of nodes as 'placement.labels'"),
    "deploy.placement.constraints": taken("apps.X.placement.labels", "labels that a node must have"),
    "deploy.placement.max_replicas_per_node": missing("pods of an app are spread over nodes by default"),
    "deploy.placement.preferences": taken("apps.X.availability.zones", "pods are spread over zones"),
    "deploy.replicas": taken("apps.X.replicas"),
    "deploy.resources": missing("write 'cpu', 'memory', 'memoryLimit', 'cpuLimit' and 'gpu' under 'resources'"),
    "deploy.resources.limits.cpus": taken("apps.X.resources.cpuLimit"),
    "deploy.resources.limits.memory": taken("apps.X.resources.memoryLimit"),
    "deploy.resources.limits.pids": missing("the node's limits hold"),
    "deploy.resources.reservations.cpus": taken("apps.X.resources.cpu"),
    "deploy.resources.reservations.devices": taken("apps.X.resources.gpu"),
    "deploy.resources.reservations.generic_resources": missing("write GPUs as 'resources.gpu'"),
    "deploy.resources.reservations.memory": taken("apps.X.resources.memory"),
    "deploy.restart_policy": decided("", "Kubernetes starts what ends again, after 10s, 20s, 40s and so on up to 5m"),
    "deploy.restart_policy.condition": taken("apps.X.kind"),
    "deploy.rollback_config": decided("apps.X.rollout", (
        "the pods of the version before serve until those of the new one are ready; "
        "to go back, write the image of before, and update again"
    )),
    "deploy.update_config": taken("apps.X.rollout"),
    "deploy.update_config.delay": decided("apps.X.rollout", (
        "the next pod is replaced when the one before is ready and has stayed so for "
        "5s"
    )),
    "deploy.update_config.failure_action": decided("apps.X.rollout", (
        "the update stops and has failed, and the version before serves "
        "on"
    )),
    "deploy.update_config.max_failure_ratio": decided("apps.X.rollout", "the first pod that fails stops the update"),
    "deploy.update_config.monitor": decided("apps.X.rollout", (
        "a new pod must stay ready for 5s, and rollout.deadline says how long an update may "
        "take"
    )),
    "deploy.update_config.order": taken("apps.X.rollout.strategy", "start-first is the default"),
    "deploy.update_config.parallelism": taken("apps.X.rollout.surge"),
    "develop": missing(_COMPOSE_ONLY),
    "ipc": dangerous(
        f"{_answered('ipc').text}; one that shares the network of Y too (network_mode: service:Y) is a sidecar of Y"
    ),
    "network_mode": taken("apps.X.allowTo", "service:Y makes it a sidecar of Y where that says the same"),
    "pid": dangerous(
        f"{_answered('pid').text}; service:Y is missing, too: containers of a pod do not see each other's processes"
    ),
    "extends": decided("", "what it names is merged into this service"),
    "healthcheck.start_interval": decided("apps.X.health", "a container that starts is asked every 2s"),
    "hostname": decided("", (
        "a pod has a name of its own; where this one stood in a host's place, the app's name "
        "does now"
    )),
    "init": decided("", (
        "the first process of the image gets the signals; use an image with tini where it "
        "leaves children behind"
    )),
    "networks.*.aliases": taken("apps.X.allowTo"),
    "networks.*.use_service_name_alias": decided("apps.X.allowTo", "each app answers under its own name"),
    "networks.*.driver_opts": missing("the cluster's network has no options of one app"),
    "networks.*.gw_priority": missing("a pod has one network"),
    "networks.*.interface_name": missing("a pod has one network"),
    "networks.*.ipv4_address": missing("a Service has an address inside the cluster, and a name"),
    "networks.*.ipv6_address": missing("a Service has an address inside the cluster, and a name"),
    "networks.*.link_local_ips": missing("a pod has one network"),
    "networks.*.mac_address": missing("a pod has one network"),
    "networks.*.priority": missing("a pod has one network"),
    "post_start": missing(
        "what runs after a start has no key: 'release' runs before a rollout, and 'init' "
        "before a pod starts"
    ),
    "pre_start": taken("apps.X.init"),
    "pre_start.*.per_replica": taken("apps.X.init", "without it, a command runs once, as 'release' where that can be"),
    "pre_stop": missing(
        "'rollout.drain' and 'rollout.finishWithin' say how a pod ends; let the app do the "
        "rest when it gets SIGTERM"
    ),
    "profiles": decided("", "it is imported, as its profile is active; remove the app from stacks that do not have it"),
    "pull_policy": decided("", "a digest is pulled once a node, a tag at each start"),
    "pull_refresh_after": decided("", "a digest is pulled once a node, a tag at each start"),
    "umask": missing("let the command set it: [sh, -c, umask 027 && exec y]"),
}  # fmt: skip
_OF_SERVICES_ONLY = {
    "attach", "container_name", "deploy", "develop", "external_links", "links", "post_start", "pre_start", "pre_stop",
    "provider", "restart", "scale",
}  # fmt: skip
_JOBS: dict[str, Key] = {
    **{key: one for key, one in _SERVICE.items() if key.partition(".")[0] not in _OF_SERVICES_ONLY},
    "ports": missing("a job serves no port"),
    "expose": missing("a job serves no port"),
    "healthcheck": decided("", "a job is asked for its exit code only"),
    "triggers": missing(
        "a job that somebody starts by hand is not imported: write it as kind: job, which runs at each update, or as "
        "kind: cron"
    ),
    "triggers.manual": decided("", "of one with a schedule: kubectl create job --from=cronjob/NAME starts it by hand"),
    "triggers.schedule": taken("apps.X.schedule"),
    "triggers.schedule.*": taken("apps.X.schedule"),
    "triggers.schedule.*.concurrency": decided("apps.X.overlap", "no run is queued"),
    "triggers.schedule.*.cron": taken("apps.X.schedule"),
    "triggers.schedule.*.missed_fires": decided("apps.X.schedule", "a run that was missed is started within an hour"),
    "triggers.schedule.*.timezone": taken("apps.X.timeZone"),
}
_TOP: dict[str, Key] = {
    "version": decided("", "Compose itself ignores it"),
    "name": taken("namespace.name", "the name of the stack and of its namespace"),
    "include": decided("", "what it names is merged into the project"),
    "models": missing("write the model's server as an app, and its address in 'env'"),
    "jobs": taken("apps", "one with a schedule is an app of kind: cron"),
    "networks": decided("apps.X.allowTo", "apps reach nobody but whom their 'allowTo' names"),
    "volumes": taken("apps.X.volumes"),
    "volumes.*.driver": missing("the storage class has a driver; name one as storageClass of the volume"),
    "volumes.*.driver_opts": missing(
        "the storage class has the options; name one as storageClass, or a claim for what is "
        "there as claim"
    ),
    "volumes.*.labels": missing(_TOP_LABELS),
    "secrets": decided("apps.X.secrets", "they are kept in a Secret of the cluster"),
    "configs": taken("apps.X.files"),
}  # fmt: skip
KEYS: Keys = {
    **_TOP,
    "services": taken("apps"),
    **{f"services.*.{key}": one for key, one in _SERVICE.items()},
    **{f"jobs.*.{key}": one for key, one in _JOBS.items()},
    "services.*.build.additional_contexts": missing(_BUILD),
}
