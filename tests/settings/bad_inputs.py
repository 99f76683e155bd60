"""Stack files that are refused, and the exact lines that say why.

Each case is laid over SAMPLE: mappings are merged, anything else replaces what was there, `!remove` removes a key.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from infra.settings.stack import StackSettings

SAMPLE = """
platform: { kind: existing, context: test }
apps:
  web: { image: "example.com/web:1", port: 8080 }
  worker: { kind: worker, image: "example.com/worker:1" }
  job: { kind: cron, image: "example.com/job:1", schedule: "@daily" }
"""


@dataclass(frozen=True)
class BadInput:
    """A change of the sample that makes it wrong."""

    id: str
    overlay: str
    lines: tuple[str, ...]

    def sections(self) -> dict[str, Any]:
        return _merged(copy.deepcopy(_sample()), _Loader(self.overlay).get_single_data())


@cache
def _sample() -> dict[str, Any]:
    return yaml.safe_load(SAMPLE)


class _Loader(yaml.SafeLoader):
    pass


_REMOVE = object()
_Loader.add_constructor("!remove", lambda loader, node: _REMOVE)


def _merged(base: Any, overlay: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(overlay, dict):
        return overlay
    merged = {**base, **{key: _merged(base.get(key), value) for key, value in overlay.items()}}
    return {key: value for key, value in merged.items() if value is not _REMOVE}


def _web(overlay: str, *lines: str, id: str) -> BadInput:
    """Change the app `web`; the lines are relative to it."""
    return BadInput(id, f"apps: {{ web: {overlay} }}", tuple(f"nightowl:apps.web.{line}" for line in lines))


def _job(overlay: str, *lines: str, id: str) -> BadInput:
    return BadInput(id, f"apps: {{ job: {overlay} }}", tuple(f"nightowl:apps.job.{line}" for line in lines))


def _stateful(overlay: str, *lines: str, id: str) -> BadInput:
    app = f'{{ kind: stateful, image: "example.com/queue:1", port: 5672, {overlay} }}'
    return BadInput(
        f"stateful: {id}", f"apps: {{ queue: {app} }}", tuple(f"nightowl:apps.queue.{one}" for one in lines)
    )


def _chart(overlay: str, *lines: str, id: str) -> BadInput:
    return BadInput(
        f"chart: {id}", f"charts: {{ keda: {overlay} }}", tuple(f"nightowl:charts.keda.{one}" for one in lines)
    )


def _worker(overlay: str, *lines: str, id: str) -> BadInput:
    return BadInput(id, f"apps: {{ worker: {overlay} }}", tuple(f"nightowl:apps.worker.{line}" for line in lines))


_ON_EKS = """
platform: { kind: eks, context: !remove "", region: eu-central-1, accountId: "123456789012" }
cluster: { access: { deployers: ["arn:aws:iam::123456789012:role/deployer"] } }
nodePools:
  system: { instanceTypes: [m7g.large], min: 2, max: 4, system: true }
  apps: { instanceTypes: [m7g.large], min: 2, max: 4 }
"""


def _delivery(overlay: str, *lines: str, id: str) -> BadInput:
    """Give an EKS stack a section `delivery`; the lines are relative to it."""
    return BadInput(
        f"delivery {id}", f"{_ON_EKS}delivery: {overlay}", tuple(f"nightowl:delivery{line}" for line in lines)
    )


def _github(keys: dict[str, str], *lines: str, id: str) -> BadInput:
    """Give `delivery.github` keys that are wrong; the lines are relative to it."""
    section = {
        "repository": "example/nightowl",
        "repositoryId": '"123456789"',
        "deploy": f'["{_PROD}"]',
        "preview": f'["{_PULL_REQUEST}"]',
        **keys,
    }
    text = ", ".join(f"{key}: {value}" for key, value in section.items())
    return _delivery(f"{{ github: {{ {text} }} }}", *(f".github{line}" for line in lines), id=id)


def _deploy(subject: str, message: str, *, id: str) -> BadInput:
    return _github({"deploy": f'["{subject}"]'}, f".deploy[0]: {message}", id=id)


_PULL_REQUEST = "repo:example/nightowl:pull_request"
_PROD = "repo:example/nightowl:environment:prod"
_STAGING = "repo:example/nightowl:environment:staging"
_MAIN = "repo:example/nightowl:ref:refs/heads/main"
_NOT_AN_IMAGE = "is not an image reference; write registry/name:tag@sha256:digest"
_WORDS = "write a list of words, or [sh, -c, ...] for a line of shell"
_OF_COMPOSE = "is filled in by Compose, and by nobody here; write the value"
_NO_VARIABLE = "names no variable of this container; set it under env, or under secrets with its env, or write"
_NOT_A_NAME = "is not a name: use lower-case letters, digits and dashes, start with a letter, at most 40 characters"
_NOT_A_SUB_PATH = (
    "is not the path of a folder in the volume; write mysql or data/mysql, without a slash in front and without .."
)
_BEYOND_BASELINE = (
    "is none that the Pod Security Standard baseline allows, which has AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, "
    "FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT"
)
_NOT_A_FILE_NAME = (
    "is not the name of a file: use letters, digits, dashes, underscores and dots, end with a letter or a digit, at "
    "most 40 characters"
)
_IN_A_PROBE = (
    "is sent as it is written, as Kubernetes expands no variable in a probe; write the value, or ask by exec: "
    "[sh, -c, ...]"
)
_IN_A_PATH = "as it is written, as Kubernetes expands no variable in a path; write the path"
_SECTION_KEYS = ", ".join(sorted(StackSettings.section_keys()))
_NOT_A_PATH = "is not an absolute path inside the container, such as /etc/app/config.yaml"
_NOT_A_FOLDER = "is not a folder inside the repository, such as apps/web; write it relative and without .."
_NOT_COMPOSE = (
    "is not a folder; write build: apps/web, whose Dockerfile is built to its last stage, each ARG with its default"
)
_NOT_A_SCHEDULE = "is not a schedule: write five fields (minute hour day month weekday), or @hourly, @daily, ..."
_NOT_OF_AN_INGRESS = (
    "an Ingress has no field for it, and the annotations of controller traefik are not known; remove it, or set "
    "platform.ingress.controller: nginx if it is ingress-nginx"
)
_LOOKS_LIKE_ONE = "looks like a secret itself; store it, revoke it if it was shared, and write where it is kept"
_KEPT_ELSEWHERE = "keep it in a store (and replace it, if anybody saw it) and write where that is"
_APP_KEYS = (
    "allowFrom, allowTo, annotations, args, availability, build, command, dependsOn, env, files, health, image, init, "
    "kind, labels, notSecret, permissions, placement, port, ports, pullSecrets, release, replicas, resources, rollout, "
    "scaling, secrets, security, servicePort, shm, sidecars, traffic, volumes, writable"
)

_PLATFORM = (
    BadInput("platform missing", "platform: !remove", ("nightowl:platform: is required",)),
    BadInput(
        "platform empty",
        "platform: null",
        ("nightowl:platform: is empty; remove the key, or write keys below it ({} for none)",),
    ),
    BadInput(
        "platform as text",
        "platform: existing",
        ("nightowl:platform: 'existing' is not a mapping; write keys below it",),
    ),
    BadInput("platform without kind", "platform: { kind: !remove }", ("nightowl:platform.kind: is required",)),
    BadInput("context missing", "platform: { context: !remove }", ("nightowl:platform.context: is required",)),
    BadInput(
        "context empty text",
        "platform: { context: '' }",
        ("nightowl:platform.context: '' is not one line of text with 1 to 1024 characters",),
    ),
    BadInput(
        "context a number",
        "platform: { context: 7 }",
        ("nightowl:platform.context: 7 is not a text; put it in quotes",),
    ),
    BadInput(
        "kubeconfig with its content",
        'platform: { kubeconfig: "apiVersion: v1\\nkind: Config\\n" }',
        (
            "nightowl:platform.kubeconfig: 'apiVersion: v1?kind: Config?' is not one line of text with 1 to 1024 "
            "characters",
        ),
    ),
    BadInput(
        "ingress incomplete",
        "platform: { ingress: { className: Nginx } }",
        (
            "nightowl:platform.ingress.className: 'Nginx' is not the name of a Kubernetes object: use lower-case "
            "letters, digits, dashes and dots",
            "nightowl:platform.ingress.namespace: is required",
        ),
    ),
)

_NAMESPACE = (
    BadInput(
        "namespace of the cluster",
        "namespace: { name: kube-system }",
        ("nightowl:namespace.name: 'kube-system' belongs to the cluster; choose a namespace of your own",),
    ),
    BadInput(
        "namespace of the ingress controller",
        "{ platform: { ingress: { className: nginx, namespace: edge } }, namespace: { name: edge } }",
        (
            "nightowl:namespace.name: edge is the ingress controller's namespace, which the apps' network policies "
            "would close; choose another",
        ),
    ),
    BadInput("quota of no pods", "namespace: { quota: { pods: 0 } }", ("nightowl:namespace.quota.pods: 0 is below 1",)),
    BadInput(
        "quota misspelt",
        "namespace: { qouta: { pods: 1 } }",
        ("nightowl:namespace.qouta: unknown key; did you mean 'quota'?",),
    ),
)

_SECTIONS = (
    BadInput("apps missing", "apps: !remove", ("nightowl:apps: is required",)),
    BadInput(
        "apps empty",
        "apps: null",
        ("nightowl:apps: is empty; remove the key, or write keys below it ({} for none)",),
    ),
    BadInput(
        "apps as list",
        "apps: [web]",
        ("nightowl:apps: is a list, and not a mapping; write each item as a key with its value",),
    ),
    BadInput("section misspelt", "app: {}", ("nightowl:app: unknown key; did you mean 'apps'?",)),
    BadInput(
        "section unknown",
        "xyz: {}",
        (f"nightowl:xyz: unknown key; the keys here are {_SECTION_KEYS}",),
    ),
    BadInput(
        "app as text",
        "apps: { web: nginx }",
        ("nightowl:apps.web: 'nginx' is not a mapping; write keys below it",),
    ),
    BadInput(
        "app empty",
        "apps: { web: null }",
        ("nightowl:apps.web: is empty; remove the key, or write keys below it ({} for none)",),
    ),
    BadInput(
        "app without image and port",
        "apps: { other: {} }",
        ("nightowl:apps.other.image: is required", "nightowl:apps.other.port: is required"),
    ),
    BadInput(
        "app name with capitals",
        "apps: { Web: { image: 'a:1', port: 1 } }",
        (f"nightowl:apps.Web: 'Web' {_NOT_A_NAME}, such as web",),
    ),
    BadInput(
        "app name too long",
        f"apps: {{ {'a' * 41}: {{ image: 'a:1', port: 1 }} }}",
        (f"nightowl:apps.{'a' * 41}: '{'a' * 41}' {_NOT_A_NAME}",),
    ),
    BadInput(
        "app name not ASCII",
        "apps: { grün: { image: 'a:1', port: 1 } }",
        (f"nightowl:apps.grün: 'grün' {_NOT_A_NAME}",),
    ),
    BadInput(
        "app name reserved",
        "apps: { default: { image: 'a:1', port: 1 } }",
        (
            "nightowl:apps.default: the name default is the name of the service account that every namespace has; "
            "choose another",
        ),
    ),
    BadInput(
        "app name of the load balancer",
        "apps: { load-balancer: { image: 'a:1', port: 1 } }",
        (
            "nightowl:apps.load-balancer: the name load-balancer means the platform's load balancer in allowFrom; "
            "choose another",
        ),
    ),
    BadInput(
        "kind misspelt",
        "apps: { job: { kind: crno } }",
        ("nightowl:apps.job.kind: 'crno' is not web, worker, stateful, cron or job; did you mean 'cron'?",),
    ),
    _web(
        "{ kind: daemon, replicas: x, healt: {}, schedule: 5, shm: 512Mi }",
        "kind: 'daemon' is not web, worker, stateful, cron or job; no kind runs one pod on each node, as that is for "
        "those who run the cluster",
        "replicas: 'x' is not a whole number",
        "healt: unknown key; did you mean 'health'?",
        "shm: 512Mi is not below the memory limit of 128Mi, into which it counts; raise it (resources.memory or "
        "memoryLimit)",
        id="app of no kind with other mistakes",
    ),
    BadInput(
        "kind misspelt, and what it needs",
        'apps: { other: { kind: crn, image: "a:1", port: 80, retries: x } }',
        (
            "nightowl:apps.other.kind: 'crn' is not web, worker, stateful, cron or job; did you mean 'cron'?",
            "nightowl:apps.other.schedule: is required",
            "nightowl:apps.other.retries: 'x' is not a whole number",
            "nightowl:apps.other.port: goes with kind web or stateful only",
        ),
    ),
    BadInput(
        "kind that nobody knows, and nothing else",
        "apps: { other: { kind: 5 } }",
        (
            "nightowl:apps.other.kind: '5' is not web, worker, stateful, cron or job",
            "nightowl:apps.other.image: is required",
        ),
    ),
    BadInput(
        "kind empty",
        "apps: { job: { kind: null } }",
        ("nightowl:apps.job.kind: is empty; write web, worker, stateful, cron or job",),
    ),
)

_APP = (
    _web("{ scalling: { max: 9 } }", "scalling: unknown key; did you mean 'scaling'?", id="key misspelt"),
    _web("{ allow_to: [] }", "allow_to: unknown key; did you mean 'allowTo'?", id="key in snake case"),
    _web("{ zzz: 1 }", f"zzz: unknown key; the keys here are {_APP_KEYS}", id="key unknown"),
    _web(
        "{ depends_on: [db] }",
        "depends_on: unknown key; write it as 'dependsOn', a list of apps",
        id="word of Compose",
    ),
    _web(
        "{ targetPort: 80 }",
        "targetPort: unknown key; write the container's port as 'port', more of them under 'ports', and the Service's "
        "as 'servicePort'",
        id="word of Kubernetes",
    ),
    _web(
        "{ zzz: 1, replicas: 2, scaling: {} }",
        f"zzz: unknown key; the keys here are {_APP_KEYS}",
        "replicas: 2 would fight the autoscaler; give either replicas or scaling",
        id="key unknown beside a broken rule",
    ),
    _web(
        "{ replcas: 2, scaling: { min: 3, max: 2 } }",
        "scaling.max: 2 is below min 3",
        "replcas: unknown key; did you mean 'replicas'?",
        id="key misspelt beside a broken rule",
    ),
    _web(
        "{ replcas: 1, volumes: { data: { mount: /data, size: 5Gi, kind: persistent } } }",
        "replcas: unknown key; did you mean 'replicas'?",
        id="what is misspelt is not asked for once more",
    ),
    BadInput(
        "what is misspelt and required is not asked for either",
        "platform: { context: !remove , contxt: staging }\n"
        "apps: { web: { image: !remove , imgae: 'example.com/web:1' } }",
        (
            "nightowl:platform.contxt: unknown key; did you mean 'context'?",
            "nightowl:apps.web.imgae: unknown key; did you mean 'image'?",
        ),
    ),
    _web(
        "{ port: eighty, replicas: 2, scaling: {} }",
        "port: 'eighty' is not a whole number",
        "replicas: 2 would fight the autoscaler; give either replicas or scaling",
        id="value of another type beside a broken rule",
    ),
    _web(
        "{ replicas: one, volumes: { data: { mount: /data, size: 5Gi, kind: persistent } } }",
        "replicas: 'one' is not a whole number",
        id="no rule reads what cannot be read",
    ),
    _web(
        "{ instances: 1, volumes: { data: { mount: /data, size: 5Gi, kind: persistent } } }",
        "instances: unknown key; write it as 'replicas'",
        id="what has another name is not asked for once more",
    ),
    _web(
        "{ resources: { cpu: fast }, shm: 1Gi }",
        "resources.cpu: 'fast' is not a CPU quantity; write 250m, 0.5 or 2",
        "shm: 1Gi is not below the memory limit of 128Mi, into which it counts; raise it (resources.memory or "
        "memoryLimit)",
        id="value of another type below a section that a rule reads",
    ),
    _web(
        "{ traffic: { hots: a.example.com, sticky: true }, replicas: 2, scaling: {} }",
        "traffic.sticky: true is not a duration; write 30s, 5m or 1h",
        "traffic.hots: unknown key; did you mean 'hosts'?",
        "replicas: 2 would fight the autoscaler; give either replicas or scaling",
        id="key misspelt and value of another type in a section beside a broken rule",
    ),
    _web("{ schedule: '@daily' }", "schedule: goes with kind cron only", id="key of another kind"),
    _worker(
        "{ traffic: {}, port: 5432, servicePort: 80 }",
        "traffic: goes with kind web or stateful only; what is called from outside is kind: web, the default",
        "port: goes with kind web or stateful only; write it with a name under 'ports', such as ports: { main: 8080 }",
        "servicePort: goes with kind web or stateful only; write it beside the port that it stands for, under 'ports'",
        id="traffic of a worker",
    ),
    _stateful(
        "scaling: {}, release: { command: [x] }, rollout: { surge: 50% }, replicas: 3, partition: 4",
        "replicas: 3 would fight the autoscaler; give either replicas or scaling",
        "rollout.surge: does not go with kind: stateful, whose replicas are replaced one by one",
        "scaling: does not go with kind: stateful, whose members are counted; write replicas",
        "release: does not go with kind: stateful; write a job, and name it in dependsOn here",
        "partition: 4 is above the 3 replicas",
        id="keys of other kinds",
    ),
    _stateful(
        "volumes: { a: { mount: /a, size: 1Gi, kind: persistent, shared: true }, "
        "b: { mount: /b, size: 1Gi, kind: persistent, keep: false, was: db } }",
        "volumes.a.shared: each replica has a volume of its own; remove it",
        "volumes.b.was: the claims of a stateful app have its name for good; keep both names",
        "volumes.b.keep: is one for all volumes of a stateful app",
        id="what each replica's volume cannot be",
    ),
    BadInput(
        "stateful: the name of its Service for an app",
        'apps: { queue: { kind: stateful, image: "example.com/queue:1" }, '
        'queue-peers: { kind: worker, image: "example.com/w:1" } }',
        (
            "nightowl:apps.queue-peers: queue-peers is the Service by which the replicas of queue find each other; "
            "choose another",
        ),
    ),
    _job(
        "{ scaling: {} }",
        "scaling: goes with kind web, worker or stateful only; one pod runs it at a time, to its end",
        id="scaling of a cron",
    ),
    _web(
        "{ image: nginx }",
        "image: 'nginx' has neither a tag nor a digest; write name:tag@sha256:digest",
        id="image without tag",
    ),
    _web(
        "{ image: 'nginx:latest' }",
        "image: 'nginx:latest' changes under a running system; pin a version instead of latest, best with its digest",
        id="image latest",
    ),
    _web(
        "{ image: 'https://example.com/web:1' }",
        f"image: 'https://example.com/web:1' {_NOT_AN_IMAGE}",
        id="image as URL",
    ),
    _web("{ image: 'Web:1' }", f"image: 'Web:1' {_NOT_AN_IMAGE}", id="image with capitals"),
    _web(
        f"{{ image: 'web@sha256:{'a' * 63}' }}",
        f"image: 'web@sha256:{'a' * 46}...' {_NOT_AN_IMAGE}",
        id="digest too short",
    ),
    *(
        _web(f'{{ build: "{folder}" }}', f"build: '{folder}' {_NOT_A_FOLDER}", id=f"build folder {folder}")
        for folder in ("/apps/web", "../web", "apps/../../web", ".", "apps/web/", "apps web")
    ),
    _web(
        "{ build: { context: apps/web, target: final } }",
        f"build: a mapping {_NOT_COMPOSE}",
        id="build of Compose with more than the folder",
    ),
    _web("{ port: http }", "port: 'http' is not a whole number", id="port as text"),
    _web("{ port: '8080' }", "port: '8080' is not a whole number but a text; remove the quotes", id="port in quotes"),
    _web("{ port: 0 }", "port: 0 is below 1", id="port zero"),
    _web("{ port: 70000 }", "port: 70000 is above 65535", id="port too high"),
    _web("{ port: true }", "port: true is not a whole number", id="port true"),
    _web("{ port: 80.5 }", "port: 80.5 is not a whole number", id="port fraction"),
    _web("{ port: !remove }", "port: is required", id="port missing"),
    _web("{ port: null }", "port: is required", id="port empty"),
    _web(
        "{ ports: { Metrics: 1, a-very-long-port-name: 2, '9090': 3, grpc: http } }",
        *(
            f"ports.{name}: '{name}' is not the name of a port: use lower-case letters, digits and single dashes, at "
            "most 15 characters"
            for name in ("Metrics", "a-very-long-port-name", "9090")
        ),
        "ports.grpc: 'http' is not a port such as 5679, nor a mapping with port, protocol or servicePort",
        id="names of ports",
    ),
    _web(
        "{ ports: { app: 1, same: 8080, udp: { port: 8080, protocol: udp }, http: { port: 81, servicePort: 8080 } } }",
        "ports.app: is the name of the port under 'port'; choose another",
        "ports.same: 8080 is the port of app too; name it once",
        "ports.http: 8080 is the Service's port of app too; give one a servicePort",
        "ports.http: 8080 is the Service's port of same too; give one a servicePort",
        id="ports in each other's way",
    ),
    _web(
        "{ port: !remove '', servicePort: 80, ports: { http: 8080 } }",
        "servicePort: goes with port; write it below the port that it stands for, under ports",
        id="Service port without a port",
    ),
    _web(
        "{ port: !remove '', ports: { dns: { port: 53, protocol: udp } }, traffic: {} }",
        "traffic.protocol: http needs a TCP port, and the app has dns (53/udp)",
        id="traffic without a port of its protocol",
    ),
    _web(
        "{ traffic: { port: metrics } }",
        "traffic.port: metrics is no TCP port of this app, which has app (8080)",
        id="traffic to a port that is not there",
    ),
    _web(
        "{ command: sleep 1, args: -v, health: { liveness: { exec: ping } } }",
        f"command: the value is a text; {_WORDS}; what Compose calls command is 'args' here",
        f"args: the value is a text; {_WORDS}",
        f"health.liveness.exec: the value is a text; {_WORDS}",
        id="commands as texts",
    ),
    _web(
        "{ command: [sleep, 1.5, {}] }",
        "command[1]: the value is a number with a fraction or an exponent, which YAML may have changed; put it in "
        "quotes",
        "command[2]: the value is not a text; put it in quotes",
        id="command with a fraction and a mapping",
    ),
    _web("{ args: null }", "args: is empty; remove the key, or write a list such as [a, b]", id="args empty"),
)

_ORDER = (
    _web(
        "{ rollout: { strategy: replace } }",
        "rollout.strategy: replace is for an app of which only one pod may run: give it replicas: 1, and no scaling",
        id="replaced and scaled",
    ),
    _worker(
        "{ replicas: 1, rollout: { strategy: replace, surge: 0% } }",
        "rollout.surge: goes with strategy: rolling; replace adds no pod before the old one is gone",
        id="replaced with surge",
    ),
    _web(
        "{ resources: { memory: 512Mi, memoryLimit: 256Mi }, labels: { app.kubernetes.io/name: x }, "
        "annotations: { pulumi.com/skipAwait: 'true' } }",
        "resources.memoryLimit: 256Mi is below the request of 512Mi",
        "labels[\"app.kubernetes.io/name\"]: 'app.kubernetes.io/name' is set by Nightowl; choose another key",
        "annotations[\"pulumi.com/skipAwait\"]: 'pulumi.com/skipAwait' is set by Pulumi; choose another key",
        id="memory limit below the request, and keys of others",
    ),
    _web(
        "{ shm: 256Mi }",
        "shm: 256Mi is not below the memory limit of 128Mi, into which it counts; raise it (resources.memory or "
        "memoryLimit)",
        id="shared memory above the limit",
    ),
    _web(
        "{ dependsOn: [wroker] }",
        "dependsOn[0]: 'wroker' is not an app of this stack; did you mean 'worker'?",
        id="order after an app that is not there",
    ),
    BadInput(
        "order in a circle",
        "apps: { web: { dependsOn: [worker] }, worker: { dependsOn: [job] }, job: { dependsOn: [web] } }",
        (
            "nightowl:apps.web.dependsOn: web -> worker -> job -> web wait for each other, so that none would start; "
            "remove one of them",
        ),
    ),
    _web(
        "{ release: { timeout: 2d } }",
        "release.timeout: 2d is not between 1s and 1d, for which an update waits",
        "release.command: is required: without one it would be the app once more",
        id="release without a command",
    ),
    _web(
        "{ release: { command: [x], env: { URL: $(HSOT), KEY: y } }, env: { HOST: a }, "
        "secrets: { key: { ref: a/b, env: KEY } } }",
        "release.env.KEY: KEY is the variable of secret key; remove one of them",
        "release.env.URL: $(HSOT) names no variable of this container; did you mean $(HOST)?",
        id="variables of a release",
    ),
    _web(
        "{ scaling: { external: true, cpu: 50%, shrinkAfter: 1m } }",
        "scaling.cpu: does not go with external, as the other autoscaler decides; write it there",
        "scaling.shrinkAfter: does not go with external, as the other autoscaler decides; write it there",
        id="targets of an autoscaler of others",
    ),
    _chart(
        "{ repository: https://a.example.com/charts, version: 1.x }",
        "version: '1.x' is not one version; write all of its numbers, such as 1.19.1, and no range",
        id="a range",
    ),
    _chart(
        "{ repository: https://a.example.com/charts, version: 1.19 }",
        "version: 1.19 is not one version; write all of its numbers, such as 1.19.1, and no range",
        id="a number",
    ),
    _chart(
        "{ repository: https://a.example.com/charts }",
        "version: is missing; write the exact version to install, such as 1.19.1",
        id="no version",
    ),
    _chart(
        "{ values: {} }",
        "repository: is missing; name a Helm repository, or a folder of the project as 'chart'",
        id="no place",
    ),
    _chart(
        "{ chart: charts/own, version: 1.0.0 }",
        "version: goes with repository; a folder has the version in its Chart.yaml",
        id="a folder with a version",
    ),
    _chart(
        "{ repository: https://user:secret1@a.example.com, version: 1.0.0, chart: a/b }",
        "repository: looks like an address with a password; keep it in a store (and replace it, if anybody saw it) and "
        "name a Secret of the cluster in 'values', or list repository in charts.keda.notSecret if it is none",
        id="a password in an address",
    ),
    _chart(
        "{ repository: http://a.example.com, version: 1.0.0, namespace: default, targetRevision: 1 }",
        "repository: 'http://a.example.com' is not the address of charts; write https://... of a Helm repository or "
        "oci://... of a registry, without a user or password",
        "targetRevision: unknown key; write it as 'version'",
        "namespace: default belongs to the cluster; choose another",
        id="an open address",
    ),
    _chart(
        "{ chart: ../own, valuesFile: /etc/values.yaml }",
        "chart: '../own' is not the name of a chart, or the path of its folder in the project",
        "valuesFile: '/etc/values.yaml' is not a path in the project; write one below the folder with Pulumi.yaml, "
        "such as charts/mine",
        id="paths out of the project",
    ),
    _chart(
        "{ chart: charts/own, namespace: apps, serviceAccount: own, dependsOn: [kedda], values: [1] }",
        "values: a list is not a map of values; write what the chart's values.yaml has, below its keys",
        "serviceAccount: goes with permissions, which are for its pods; remove it",
        "namespace: apps is the apps' own, whose quota and rules are made for them; choose another",
        "dependsOn[0]: there is no chart kedda; did you mean 'keda'?",
        id="the rest of a file",
    ),
    _chart(
        "{ chart: charts/own, values: { auth: { password: hunter2-hunter2, existingSecret: own, tokenKey: key } } }",
        "values.auth.password: looks like a password; keep it in a store (and replace it, if anybody saw it) and name "
        "a Secret of the cluster in 'values', or list values.auth.password in charts.keda.notSecret if it is none",
        id="a password",
    ),
    BadInput(
        "charts in a circle",
        "charts: { a: { chart: charts/a, dependsOn: [b] }, b: { chart: charts/b, dependsOn: [a] } }",
        ("nightowl:charts.a.dependsOn: a -> b -> a wait for each other, so that none would start; remove one of them",),
    ),
    BadInput(
        "manifests",
        "manifests: [manifests/a, { folder: manifests/a/ }, { folder: ../b, befreApps: true }, 3]",
        (
            "nightowl:manifests[2].folder: '../b' is not a path in the project; write one below the folder with "
            "Pulumi.yaml, such as charts/mine",
            "nightowl:manifests[2].befreApps: unknown key; did you mean 'beforeApps'?",
            "nightowl:manifests[3]: 3 is neither a folder nor a section with one; write manifests/mine or folder: "
            "manifests/mine",
        ),
    ),
    BadInput(
        "a folder twice",
        "manifests: [manifests/a, { folder: manifests/a/ }]",
        ("nightowl:manifests[1]: manifests/a is listed twice; remove one",),
    ),
    BadInput(
        "the word of others for charts", "helm: {}", ("nightowl:helm: unknown key; write Helm charts under 'charts'",)
    ),
    _job(
        "{ release: { command: [x] } }", "release: goes with kind web, worker or stateful only", id="release of a cron"
    ),
)

_CONFIGURATION = (
    _web(
        "{ env: { DB: '${DB_HOST:-db}:5432', RAW: '$${RAW} $HOME' }, init: { a: { args: [x], env: { B: '${B}' } } } }",
        f"env.DB: ${{DB_HOST}} {_OF_COMPOSE}, or $(DB_HOST) for the variable or secret of that name, or $${{DB_HOST}} "
        "if the program reads these very characters",
        f"init.a.env.B: ${{B}} {_OF_COMPOSE}, or $(B) for the variable or secret of that name, or $${{B}} "
        "if the program reads these very characters",
        id="interpolation of Compose",
    ),
    _web(
        "{ env: { 1X: a } }",
        "env.1X: '1X' is not a variable name: use letters, digits, underscores, dots and dashes, and start with a "
        "letter",
        id="variable name",
    ),
    _web(
        "{ env: { DSN: 'postgres://$(DB_PASWORD)@db' }, secrets: { pw: { ref: a/b, env: DB_PASSWORD } } }",
        "env.DSN: $(DB_PASWORD) names no variable of this container; did you mean $(DB_PASSWORD)?",
        id="reference misspelt",
    ),
    _web(
        "{ env: { A: $(OTHER) }, init: { wait: { command: [wait], env: { B: $(A) } } } }",
        f"env.A: $(OTHER) {_NO_VARIABLE} $$(OTHER) for these very characters",
        f"init.wait.env.B: $(A) {_NO_VARIABLE} $$(A) for these very characters",
        id="reference to a variable of nobody",
    ),
    _web(
        "{ env: { A: $(B), B: $(C), C: $(A) } }",
        "env.A: refers to itself: A -> B -> C -> A; write one of them without the other",
        id="references in a circle",
    ),
    _web(
        "{ env: { TOKEN: [hunter2] } }",
        'env.TOKEN: the value is not a text; write one ("" for none), or a mapping with field, resource or output',
        id="variable as list",
    ),
    _web(
        "{ env: { VERSION: 1.10 } }",
        "env.VERSION: the value is a number with a fraction or an exponent, which YAML may have changed; put it in "
        "quotes",
        id="variable fraction",
    ),
    _web(
        "{ env: { EMPTY: null } }",
        'env.EMPTY: is empty: the value is not a text; write one ("" for none), or a mapping with field, resource or '
        "output",
        id="variable empty",
    ),
    _web(
        "{ env: { POD: { field: metadata.nam } } }",
        "env.POD.field: the value is not metadata.name, metadata.namespace, spec.nodeName, spec.serviceAccountName, "
        "status.hostIP or status.podIP",
        id="pod field unknown",
    ),
    _web(
        "{ files: { etc/app.conf: x } }",
        f"files[\"etc/app.conf\"]: 'etc/app.conf' {_NOT_A_PATH}",
        id="file path relative",
    ),
    _web(
        "{ files: { /etc/../x: y } }",
        f"files[\"/etc/../x\"]: '/etc/../x' {_NOT_A_PATH}",
        id="file path with dots",
    ),
    _web(
        "{ files: { /etc/app.conf: 5 } }",
        'files["/etc/app.conf"]: the value is not a text; put it in quotes',
        id="file a number",
    ),
    _web(
        "{ files: { /run/secrets/key: x } }",
        'files["/run/secrets/key"]: /run/secrets/key belongs to the secrets; choose another path',
        id="file among the secrets",
    ),
    _web(
        "{ files: { /etc/hosts: x } }",
        'files["/etc/hosts"]: /etc/hosts belongs to Kubernetes; choose another path',
        id="file of Kubernetes",
    ),
    _web(
        "{ files: { /etc/app: x, /etc/app/more: y } }",
        'files["/etc/app"]: /etc/app cannot be a file: /etc/app/more is a file there',
        id="file as folder of a file",
    ),
    _web(
        "{ files: { /data: x }, volumes: { data: { mount: /data, size: 64Mi } } }",
        'files["/data"]: /data cannot be a file: /data is a volume there',
        id="file on a volume",
    ),
    _web(
        "{ replicas: 1, volumes: { a: { mount: /a, size: 1Gi, subPath: x }, "
        "b: { mount: /b, size: 1Gi, kind: persistent, subPath: a/../../b }, "
        "c: { mount: /c, size: 1Gi, kind: persistent, subPath: /c } } }",
        "volumes.a.subPath: goes with kind: persistent; scratch space has nothing at its top; remove it",
        f"volumes.b.subPath: 'a/../../b' {_NOT_A_SUB_PATH}",
        f"volumes.c.subPath: '/c' {_NOT_A_SUB_PATH}",
        id="folders of a volume",
    ),
    _web(
        "{ secrets: { ../key: a/b, ..key: a/b, key.: a/b } }",
        f"""secrets["../key"]: '../key' {_NOT_A_FILE_NAME}""",
        f"""secrets["..key"]: '..key' {_NOT_A_FILE_NAME}""",
        f"""secrets["key."]: 'key.' {_NOT_A_FILE_NAME}""",
        id="secret name",
    ),
    _web(
        "{ secrets: { key: { ref: a/b, key: 'a b' } } }",
        "secrets.key.key: the value is not a key: use letters, digits, dashes, underscores and dots",
        id="key of a secret",
    ),
    _web(
        "{ secrets: { key: { ref: web/token, key: value } } }",
        "secrets.key.key: goes with kind: eks only; a Secret has keys of its own, so write <Secret>/<key> as ref",
        id="key of a Secret beside the reference",
    ),
    *(
        _web(
            f"{{ secrets: {{ key: {reference} }}, dependsOn: [nobody] }}",
            f"secrets.key.ref: {reference!r} is not a reference; write <Secret>/<key>, the name of a Secret in the "
            "apps' namespace and one of its keys",
            "dependsOn[0]: 'nobody' is not an app of this stack; the apps are job, web, worker",
            id=f"reference {reference} and another mistake",
        )
        for reference in ("key-only", "/key", "secret/", "a/b/c", "Secret/key")
    ),
    _web(
        "{ secrets: { key: { ref: web/cert, tls: true } } }",
        "secrets.key.ref: 'web/cert' is not the name of a Secret of type kubernetes.io/tls in the apps' namespace",
        id="key of a Secret with a certificate",
    ),
    _web(
        "{ secrets: { cert: { ref: web-cert, tls: true, key: a, env: CERT } } }",
        "secrets.cert.key: does not go with tls, which is a certificate and its key, as files; remove one",
        "secrets.cert.env: does not go with tls, which is a certificate and its key, as files; remove one",
        id="certificate as a variable",
    ),
    _web(
        "{ secrets: { cert: { ref: web-cert, tls: true } }, writable: [/run/tls/cert] }",
        'writable["/run/tls/cert"]: /run/tls/cert belongs to the certificates; choose another path',
        id="folder on a certificate",
    ),
    _web(
        "{ pullSecrets: [registry/config] }",
        "pullSecrets[0]: 'registry/config' is not the name of a Secret in the apps' namespace",
        id="pull secret with a key",
    ),
    _web(
        "{ pullSecrets: [registry, registry] }",
        "pullSecrets: a list names registry more than once",
        id="pull secret twice",
    ),
    BadInput(
        "pull secret on EKS",
        f'{_ON_EKS}apps: {{ web: {{ pullSecrets: ["a:b"] }}, worker: {{ pullSecrets: [prod/ghcr] }} }}',
        (
            "nightowl:apps.web.pullSecrets[0]: is not the name of a secret in AWS Secrets Manager, such as "
            "prod/web/session-key",
        ),
    ),
    BadInput(
        "app with the name of the keeper",
        f"{_ON_EKS}apps: {{ worker: {{ pullSecrets: [prod/ghcr] }}, "
        'pull-secrets: { image: "example.com/web:1", port: 8080 } }',
        (
            "nightowl:apps.pull-secrets: the name pull-secrets is that of the worker that keeps the pullSecrets of the "
            "apps; choose another",
        ),
    ),
    _web(
        "{ secrets: { key: '' } }",
        "secrets.key.ref: the value is empty; write where the secret is kept",
        id="secret empty",
    ),
    _web(
        "{ secrets: { key: 'not a reference' } }",
        "secrets.key.ref: the value has white space; write where the secret is kept, such as name/key",
        id="secret with spaces",
    ),
    _web(
        '{ secrets: { key: "-----BEGIN PRIVATE KEY-----\\nMIIE\\n" } }',
        f"secrets.key: looks like a private key itself; {_KEPT_ELSEWHERE}",
        id="secret as PEM",
    ),
    _web(
        f"{{ secrets: {{ key: '{'Zm9v' * 70}' }} }}",
        f"secrets.key.ref: the value {_LOOKS_LIKE_ONE}",
        id="secret as base64",
    ),
    _web(
        f"{{ secrets: {{ key: {'AK' + 'IA' + 'Q7' * 8} }} }}",
        f"secrets.key: looks like an AWS access key itself; {_KEPT_ELSEWHERE}",
        id="secret as access key",
    ),
    _web(
        "{ secrets: { key: 'postgres://app:hunter2@db/app' } }",
        f"secrets.key: looks like an address with a password itself; {_KEPT_ELSEWHERE}",
        id="secret as address with a password",
    ),
    _web(
        "{ secrets: { key: 12345 } }",
        "secrets.key: the value is not a mapping; write keys below it",
        id="secret a number",
    ),
    _web(
        "{ secrets: { key: { secure: AAABAM } } }",
        "secrets.key: is encrypted; settings name where a secret is kept (apps.<name>.secrets) and never hold it",
        id="secret encrypted",
    ),
    _web(
        "{ env: { KEY: x }, secrets: { key: { ref: a/b, env: KEY } } }",
        "secrets.key.env: KEY is set in env too; remove one of them",
        id="variable in env and secrets",
    ),
    _web(
        "{ secrets: { a: { ref: a/b, env: KEY }, b: { ref: a/c, env: KEY } } }",
        "secrets.b.env: KEY is the variable of secret a too",
        id="variable of two secrets",
    ),
)

_RESOURCES = (
    _web(
        "{ resources: { cpu: 250x } }",
        "resources.cpu: '250x' is not a CPU quantity; write 250m, 0.5 or 2",
        id="CPU unit",
    ),
    _web("{ resources: { cpu: 0 } }", "resources.cpu: 0 must be at least 1m, in whole millicores", id="CPU zero"),
    _web(
        "{ resources: { cpu: -1 } }", "resources.cpu: -1 is not a CPU quantity; write 250m, 0.5 or 2", id="CPU negative"
    ),
    _web(
        "{ resources: { cpu: 999999999999 } }",
        "resources.cpu: 999999999999 is more than a million cores; was the m forgotten? Write 250m, 0.5 or 2",
        id="CPU huge",
    ),
    _web(
        "{ resources: { cpu: ٣ } }",
        "resources.cpu: '٣' is not a CPU quantity; write 250m, 0.5 or 2",
        id="CPU in other digits",
    ),
    _web(
        "{ resources: { memory: 128 } }",
        "resources.memory: 128 is less than 4Mi; was a unit forgotten? Write 128Mi or 1Gi",
        id="memory without unit",
    ),
    _web(
        "{ resources: { memory: 128mb } }",
        "resources.memory: '128mb' is not a memory quantity; write 128Mi or 1Gi",
        id="memory unit",
    ),
    _web(
        "{ resources: { memory: 9999Ti9 } }",
        "resources.memory: '9999Ti9' is not a memory quantity; write 128Mi or 1Gi",
        id="memory with a tail",
    ),
    _web(
        "{ resources: { cpu: 500m, cpuLimit: 0.25 } }",
        "resources.cpuLimit: 250m is below the request of 500m",
        id="CPU limit below the request",
    ),
    _web(
        "{ resources: { ram: 1Gi } }",
        "resources.ram: unknown key; write it as 'memory'",
        id="resource unknown",
    ),
    _web("{ resources: 1Gi }", "resources: '1Gi' is not a mapping; write keys below it", id="resources as text"),
    _web(
        "{ security: { user: 0, capabilities: [CHOWN, NET_BIND_SERVICE, cap_setuid] } }",
        "security.user: 0 is root, which needs level: baseline beside it; or name the image's own user",
        "security.capabilities[0]: CHOWN needs level: baseline beside it",
        "security.capabilities[2]: SETUID needs level: baseline beside it",
        id="root and capabilities at level restricted",
    ),
    _web(
        "{ security: { level: baseline, capabilities: [NET_ADMIN, SYS_PTRACE] } }",
        f"security.capabilities[0]: 'NET_ADMIN' {_BEYOND_BASELINE}; who sets up the network of nodes is installed "
        "beside the stack, under charts",
        f"security.capabilities[1]: 'SYS_PTRACE' {_BEYOND_BASELINE}; leave it out",
        id="capability beyond baseline",
    ),
    _web(
        "{ security: { level: privileged } }",
        "security.level: 'privileged' is not restricted or baseline",
        id="security level",
    ),
    _web(
        "{ security: { runAsUser: 0, privileged: true, allowPrivilegeEscalation: true } }",
        "security.runAsUser: unknown key; write it as 'user'",
        "security.privileged: unknown key; there is no key, as no Pod Security Standard that a namespace enforces here "
        "allows it",
        "security.allowPrivilegeEscalation: unknown key; there is no key: no process gains rights that its parent did "
        "not have",
        id="words of Kubernetes under security",
    ),
    _web("{ writable: [/tmp, /tmp] }", "writable: a list has /tmp twice; remove one", id="writable path twice"),
    _web(
        "{ writable: [/cache, tmp], volumes: { data: { mount: /cache, size: 1Gi } } }",
        f"writable.tmp: 'tmp' {_NOT_A_PATH}",
        id="writable path not absolute",
    ),
    _web(
        "{ writable: [/cache, /run/secrets], volumes: { data: { mount: /cache, size: 1Gi } } }",
        'writable["/run/secrets"]: /run/secrets belongs to the secrets; choose another path',
        'writable["/cache"]: /cache is the mount of volume data too; choose another path',
        id="writable path that is taken",
    ),
    _web(
        "{ writable: [5] }",
        "writable: a list has an item that is no path; write paths such as /tmp, or {/var/cache: 1Gi}",
        id="writable number",
    ),
    _web(
        "{ security: { readOnlyRoot: 'yes' } }",
        "security.readOnlyRoot: 'yes' is not true or false",
        id="switch as text",
    ),
    _web("{ security: { readOnlyRoot: 1 } }", "security.readOnlyRoot: 1 is not true or false", id="switch as number"),
)

_HEALTH = (
    _web(
        "{ health: { readiness: 8080 } }",
        "health.readiness: 8080 is not a path such as /readyz, nor a mapping with http, tcp, grpc or exec",
        id="probe as number",
    ),
    _web(
        "{ health: { readiness: readyz } }",
        "health.readiness.http: is not a path such as /readyz",
        id="probe path relative",
    ),
    _web(
        "{ health: { readiness: { http: /a, tcp: 1 } } }",
        "health.readiness: give exactly one of http, tcp, grpc and exec (got http, tcp)",
        id="probe with two questions",
    ),
    _web(
        "{ health: { readiness: {} } }",
        "health.readiness: give exactly one of http, tcp, grpc and exec (got none)",
        id="probe without question",
    ),
    _web(
        "{ health: { liveness: { exec: [] } } }", "health.liveness.exec: the command is empty", id="probe command empty"
    ),
    _web(
        "{ health: { readiness: { exec: [CMD, ping] }, liveness: { exec: [CMD-SHELL, 'ping || exit 1'] } } }",
        "health.readiness.exec[0]: CMD is a word of Compose; leave it out",
        "health.liveness.exec[0]: CMD-SHELL is a word of Compose; write [sh, -c, ...]",
        id="probe command of Compose",
    ),
    _web(
        "{ health: { readiness: { exec: [sh, -c, 'ping $${HOSTNAME} $(POD_IP) $(id -u) $$'] } } }",
        "health.readiness.exec[2]: a probe expands no $(POD_IP); let a shell do it: [sh, -c, ...] with $POD_IP",
        "health.readiness.exec[2]: $$ is the escape of Compose; a probe needs none, write $",
        id="probe command with variables",
    ),
    _web(
        "{ health: { readiness: { http: /a, timeout: 0s }, liveness: { tcp: 80, period: 2h, timeout: 61m } } }",
        "health.readiness.timeout: 0s is not between 1s and 1h",
        "health.liveness.period: 2h is not between 1s and 1h",
        "health.liveness.timeout: 61m is not between 1s and 1h",
        id="probe that waits for nothing, or for ever",
    ),
    _web(
        "{ health: { readiness: { http: /a, period: 5 } } }",
        "health.readiness.period: 5 is not a duration; write 30s, 5m or 1h",
        id="duration without unit",
    ),
    _web(
        "{ health: { readiness: { http: /a, period: 0s } } }",
        "health.readiness.period: 0s is not between 1s and 1h",
        id="probe period zero",
    ),
    _web(
        "{ health: { readiness: { tcp: 8080, port: 1, scheme: https, headers: { Host: a } } } }",
        *(f"health.readiness.{key}: goes with http only" for key in ("port", "scheme", "headers")),
        id="keys of a question over http",
    ),
    _web(
        "{ health: { readiness: { http: /a, scheme: tls, headers: { 'a b': x, Host: ' a' } } } }",
        "health.readiness.scheme: 'TLS' is not HTTP or HTTPS",
        "health.readiness.headers[\"a b\"]: 'a b' is not the name of a header, such as Host",
        "health.readiness.headers.Host: the value is not the value of a header: one line without white space around",
        id="headers of a probe",
    ),
    _web(
        "{ health: { readiness: { http: /x, headers: { X_Tok.en: a } } } }",
        "health.readiness.headers[\"X_Tok.en\"]: 'X_Tok.en' is not the name of a header, such as Host",
        id="a header that the API server refuses",
    ),
    _web(
        "{ labels: { job-name: x } }",
        "labels.job-name: 'job-name' is set by Kubernetes; choose another key",
        id="a label that Jobs have of their own",
    ),
    _web(
        "{ traffic: { host: a.example.com, paths: [/a/../b] } }",
        "traffic.paths[0].path: '/a/../b' is not a path prefix such as / or /api",
        id="a path that leads upwards",
    ),
    _web(
        "{ allowTo: [{ namespace: x, app: a, labels: { app.kubernetes.io/name: z } }] }",
        'allowTo[0].labels["app.kubernetes.io/name"]: is what app says; remove one of them',
        id="a peer with two names",
    ),
    _web(
        "{ shm: 64Mi, release: { command: [x], resources: { memory: 16Mi } } }",
        "release.resources.memory: 16Mi is not above the 64Mi of shm, which counts into it; raise it",
        id="shared memory beyond the limit of a release",
    ),
    _web(
        "{ health: { readiness: { grpc: none } } }",
        "health.readiness.grpc: 'none' is not a port, nor a mapping with port or service",
        id="gRPC without a port",
    ),
    _web(
        "{ health: { liveness: { http: /a, successes: 2 }, readiness: { http: /b, initialDelay: 2h } } }",
        "health.readiness.initialDelay: 2h is above 1h",
        "health.liveness.successes: goes with readiness only; one success is enough here",
        id="delay of a probe",
    ),
    _web(
        "{ health: { liveness: { http: /a, successes: 2 } } }",
        "health.liveness.successes: goes with readiness only; one success is enough here",
        id="successes of liveness",
    ),
    _web(
        "{ health: { readiness: { httpGet: { path: /a }, periodSeconds: 5, http: /a } } }",
        "health.readiness.httpGet: unknown key; write its path as 'http', and 'port', 'scheme' and 'headers' beside it",
        "health.readiness.periodSeconds: unknown key; write it as 'period'",
        id="words of Kubernetes in a probe",
    ),
    _web("{ health: { ready: /a } }", "health.ready: unknown key; did you mean 'readiness'?", id="probe misspelt"),
    _web(
        "{ health: { readiness: { http: /healthz, period: 20s }, liveness: /healthz } }",
        "health.liveness: asks what readiness asks and gives up no later, so a busy container would be restarted "
        "instead of relieved; ask something else, or raise failures",
        id="liveness like readiness",
    ),
    _worker(
        "{ health: { liveness: /healthz, readiness: { grpc: { service: jobs } } } }",
        "health.liveness.port: is required: a worker has no port of its own",
        "health.readiness.grpc.port: is required: a worker has no port of its own",
        id="probe of a worker without port",
    ),
    _web(
        "{ health: { startup: { http: /a, period: 10s, failures: 60 } }, rollout: { deadline: 10m } }",
        "rollout.deadline: 10m is not above the longest start of 10m (health.startup.failures) and 5s to prove it; "
        "raise it, or lower health.startup.failures",
        id="start longer than the deadline",
    ),
    _web(
        "{ health: { startup: { http: /a, period: 1h, failures: 2 } } }",
        "health.startup.failures: the longest start of 2h (health.startup.failures) and 5s to prove it are not below "
        "2h, for which the longest rollout waits; lower it",
        id="start longer than the longest deadline",
    ),
    _web(
        "{ health: { startWithin: 1h }, sidecars: { a: { image: 'a:1', health: { startWithin: 1h, readiness: "
        "{ tcp: 1 } } } } }",
        "health.startWithin: the longest start of 2h (health.startWithin and sidecars.a.health.startWithin) and 5s to "
        "prove it are not below 2h, for which the longest rollout waits; lower it",
        id="starts that add up to the longest deadline",
    ),
    _web(
        "{ health: { readiness: { http: '/$(PATH_OF_IT)', headers: { Host: '${HOST:-x}', X: $(lower) } }, "
        "liveness: { grpc: { service: $(NAME) } } } }",
        f"health.readiness.http: $(PATH_OF_IT) {_IN_A_PROBE}",
        f"health.readiness.headers.Host: ${{HOST:-x}} {_IN_A_PROBE}",
        f"health.readiness.headers.X: $(lower) {_IN_A_PROBE}",
        f"health.liveness.grpc.service: $(NAME) {_IN_A_PROBE}",
        id="variables in probes",
    ),
    _web(
        "{ env: { HOST: a }, secrets: { k: { ref: a/b, env: KEY } }, files: { /etc/a.conf: 'host $(HOST)', "
        "/run.sh: 'echo $(date)', /src/Makefile: 'x: $(HOST)' }, sidecars: { s: { image: 'a:1', env: { B: x }, "
        "files: { /b: $(B), /c: $(KEY), /d: $(HOST) } } } }",
        *(
            f"{place}: $({name}) stays as it is written, as Kubernetes expands no variable in a file; write the value, "
            "or let the program read its variable"
            for place, name in (
                ('files["/etc/a.conf"]', "HOST"),
                ('sidecars.s.files["/b"]', "B"),
                ('sidecars.s.files["/c"]', "KEY"),
            )
        ),
        id="variables in files",
    ),
    _web(
        "{ annotations: { example.com/pod: $(POD_NAME) }, volumes: { a: { mount: '/data/$(POD_NAME)', size: 1Gi } }, "
        "writable: ['/tmp/${POD}'] }",
        f"volumes.a.mount: '/data/$(POD_NAME)' would hold $(POD_NAME) {_IN_A_PATH}",
        f"""writable["/tmp/${{POD}}"]: '/tmp/${{POD}}' would hold ${{POD}} {_IN_A_PATH}""",
        """annotations["example.com/pod"]: $(POD_NAME) stays as it is written, as nobody expands a variable in an """
        "annotation; write the value",
        id="variables in annotations and paths",
    ),
    _web(
        "{ env: { '@tcp(': x } }",
        """env["@tcp("]: '@tcp(' is not a variable name: use letters, digits, underscores, dots and dashes, and """
        "start with a letter",
        id="key whose place looks like an address with a password",
    ),
    _web(
        "{ rollout: { deadline: 3h } }",
        "rollout.deadline: 3h is above 2h, for which nobody waits to hear that an update failed",
        id="deadline too long",
    ),
    _web(
        "{ replicas: 1, rollout: { strategy: replace, drain: 1h, finishWithin: 1h } }",
        "rollout.finishWithin: the 2h for which the new pod may wait for the old one (drain and finishWithin) are not "
        "below 2h, for which the longest rollout waits; lower them",
        id="old pod longer than the longest deadline",
    ),
    _web(
        "{ rollout: { deadline: 2m } }",
        "rollout.deadline: 2m is not above the longest start of 2m (health.startWithin) and 5s to prove it; "
        "raise it, or lower health.startWithin",
        id="deadline shorter than the start that is allowed by default",
    ),
    _web(
        "{ health: { startWithin: 1s } }",
        "health.startWithin: 1s is not between 2s and 1h",
        id="start too short",
    ),
    _web(
        "{ health: { startup: /a, startWithin: 3m } }",
        "health.startWithin: goes without startup, whose period times failures says the same; remove one of them",
        id="two longest starts",
    ),
    _worker(
        "{ health: { startWithin: 3m } }",
        "health.startWithin: there is nothing to ask until then; give readiness or liveness",
        id="longest start without a question",
    ),
    _web(
        "{ health: { liveness: { tcp: 8080, period: 5s } } }",
        "health.liveness: asks what readiness asks and gives up no later, so a busy container would be restarted "
        "instead of relieved; ask something else, or raise failures",
        id="liveness sooner than the readiness that is asked by default",
    ),
    _web(
        "{ health: { readiness: /a, liveness: { http: /a, port: 8080, period: 10s } } }",
        "health.liveness: asks what readiness asks and gives up no later, so a busy container would be restarted "
        "instead of relieved; ask something else, or raise failures",
        id="liveness like readiness, the port written out",
    ),
    _worker(
        "{ replicas: 1, volumes: { data: { mount: /data, size: 1Gi, kind: persistent } }, "
        "rollout: { finishWithin: 9m, drain: 1m, deadline: 10m } }",
        "rollout.deadline: 10m is not above the 10m for which the new pod may wait for the old one (drain and "
        "finishWithin); raise it, or lower them",
        id="volume held longer than the deadline",
    ),
    _web(
        "{ health: { startup: { http: /a, failures: 30 } }, sidecars: { a: { image: 'a:1', health: { startup: "
        "{ tcp: 1, failures: 30 } } } }, rollout: { deadline: 10m } }",
        "rollout.deadline: 10m is not above the longest start of 10m (health.startup.failures and "
        "sidecars.a.health.startup.failures) and 5s to prove it; raise it, or lower health.startup.failures and "
        "sidecars.a.health.startup.failures",
        id="starts that add up to the deadline",
    ),
)

_REPLICAS = (
    _web("{ scaling: { min: 3, max: 2 } }", "scaling.max: 2 is below min 3", id="max below min"),
    _web("{ scaling: { min: 0 } }", "scaling.min: 0 is below 1", id="min zero"),
    _web("{ scaling: { max: 5000 } }", "scaling.max: 5000 is above 1000", id="max too high"),
    _web("{ scaling: { cpu: 0% } }", "scaling.cpu: '0%' is not a percentage from 1% to 100%", id="CPU target zero"),
    _web(
        "{ scaling: { cpu: 150% } }",
        "scaling.cpu: '150%' is not a percentage from 1% to 100%",
        id="CPU target too high",
    ),
    _web(
        "{ scaling: { cpu: null } }",
        "scaling.cpu: there is no target: give cpu or memory, or use replicas instead of scaling",
        id="no target",
    ),
    _web(
        "{ scaling: { min: 9, max: 3, cpu: null, growAfter: 61m, shrinkAfter: 2h } }",
        "scaling.max: 3 is below min 9",
        "scaling.cpu: there is no target: give cpu or memory, or use replicas instead of scaling",
        "scaling.growAfter: 61m is above 1h, the most that Kubernetes accepts",
        "scaling.shrinkAfter: 2h is above 1h, the most that Kubernetes accepts",
        id="several rules of one section",
    ),
    _web("{ scaling: { growBy: 0% } }", "scaling.growBy: '0%' is not a percentage from 1% to 100%", id="no growth"),
    _web(
        "{ scaling: { schedule: { min: 9 }, calm: 1m, minReplicas: 3 } }",
        "scaling.schedule: unknown key; there is no key: nothing here changes the least by the hour; write what the "
        "busy hour begins with as 'min', as replicas without load cost only what they request",
        "scaling.calm: unknown key; write it as 'growAfter'",
        "scaling.minReplicas: unknown key; write it as 'min'",
        id="words of autoscalers",
    ),
    _web(
        "{ scaling: { max: 5 }, replicas: 3 }",
        "replicas: 3 would fight the autoscaler; give either replicas or scaling",
        id="scaling and replicas",
    ),
    _web("{ replicas: -1 }", "replicas: -1 is below 0", id="no replicas"),
    _web("{ replicas: many }", "replicas: 'many' is not a whole number", id="replicas as text"),
    _web(
        "{ availability: { maxUnavailable: 0% } }",
        "availability.maxUnavailable: '0%' would block every drain and upgrade; use at least 1%",
        id="budget zero",
    ),
    _web(
        "{ availability: { zones: required } }",
        "availability.zones: 'required' is not require or prefer; did you mean 'require'?",
        id="choice misspelt",
    ),
    _web(
        "{ availability: { evictAfter: 2h } }",
        "availability.evictAfter: 2h is above 1h: the app would be short of replicas",
        id="eviction too late",
    ),
    _web(
        "{ availability: { priority: true } }",
        "availability.priority: true is not high, normal or low",
        id="choice as switch",
    ),
    _web("{ rollout: { surge: 101 } }", "rollout.surge: 101 is not a percentage from 1% to 100%", id="surge too high"),
    _web(
        "{ rollout: { deadline: 5s } }",
        "rollout.deadline: 5s is below 10s, too short for any pod to start",
        id="deadline too short",
    ),
    _web(
        "{ rollout: { finishWithin: 2h } }",
        "rollout.finishWithin: 2h is above 1h, which would hold up every drain and upgrade",
        id="request too long",
    ),
    _web(
        "{ rollout: { drain: soon } }",
        "rollout.drain: 'soon' is not a duration; write 30s, 5m or 1h",
        id="duration as word",
    ),
    _web("{ rollout: { drain: 400d } }", "rollout.drain: '400d' is longer than 30 days", id="duration endless"),
)

_CONTAINERS = (
    _web(
        "{ volumes: { a: { mount: /data, size: 1Gi }, b: { mount: /data, size: 1Gi } } }",
        "volumes.b.mount: /data is the mount of volume a too; choose another path",
        id="two volumes on one path",
    ),
    _web("{ volumes: { a: { mount: /data } } }", "volumes.a.size: is required", id="volume without size"),
    _web(
        "{ replicas: 1, volumes: { a: { mount: /data, size: 1Gi, claim: theirs } } }",
        "volumes.a.size: is decided where the data is; it does not go with claim",
        id="size of a claim that exists",
    ),
    _web(
        "{ volumes: { a: { mount: /data, claim: theirs, shared: true, kind: scratch, keep: true } } }",
        "volumes.a.kind: is decided where the data is; it does not go with claim",
        "volumes.a.keep: is decided where the data is; it does not go with claim",
        id="kind and keep of a claim that exists",
    ),
    _web(
        "{ volumes: { a: { mount: /data, size: 1Gi, keep: true } } }",
        "volumes.a.kind: keep and was go with kind: persistent; scratch space dies with the pod",
        id="scratch space that is kept",
    ),
    BadInput(
        "claims that are the stack's own",
        """
        apps:
          web: { replicas: 1, volumes: { a: { mount: /a, claim: db.data }, b: { mount: /b, claim: volume-data-q-12 } } }
          db: { kind: worker, image: "a:1", replicas: 1, volumes: { data: &data { mount: /d, size: 1Gi, kind:
            persistent }, again: { mount: /e, claim: db.data } } }
          q: { kind: stateful, image: "a:1", volumes: { data: *data } }
        """,
        (
            "nightowl:apps.web.volumes.a.claim: db.data is made by this stack; write from: db.data",
            "nightowl:apps.web.volumes.b.claim: volume-data-q-12 is the data of q-12, which no other app can mount; "
            "copy it over the network",
            "nightowl:apps.db.volumes.again.claim: db.data is volume data of this app; remove one of them",
        ),
    ),
    BadInput(
        "claim of two apps that is not shared",
        """
        apps:
          web: { volumes: { a: { mount: /a, claim: theirs, shared: true } } }
          worker: { replicas: 1, volumes: { a: { mount: /a, claim: theirs }, b: { mount: /b, claim: theirs } } }
          job: { volumes: { a: { mount: /a, from: web }, b: { mount: /b, from: web.a } } }
        """,
        (
            "nightowl:apps.worker.volumes.a.claim: theirs is web.a too, and one node has it; give both shared: true if "
            "its storage class lets several nodes have it, or run both as containers of one app, under sidecars",
            "nightowl:apps.worker.volumes.b.claim: theirs is web.a too, and one node has it; give both shared: true if "
            "its storage class lets several nodes have it, or run both as containers of one app, under sidecars",
            "nightowl:apps.worker.volumes.b.claim: theirs is volume a too; mount it once, at a folder that holds both",
            "nightowl:apps.job.volumes.b.from: theirs is volume a too; mount it once, at a folder that holds both",
        ),
    ),
    BadInput(
        "data of a stateful app after a rename",
        """
        apps:
          worker: { replicas: 1, volumes: { data: { mount: /d, size: 1Gi, kind: persistent, was: q } } }
          q: { kind: stateful, image: "a:1", volumes: { data: { mount: /d, size: 1Gi, kind: persistent } } }
        """,
        (
            "nightowl:apps.worker.volumes.data.was: each replica of q has data of its own, such as volume-data-q-0, so "
            "this would be empty; copy it over the network. What q had before it was stateful is claim: q.data",
        ),
    ),
    _web(
        "{ volumes: { a: { mount: /data, claim: theirs, from: db } } }",
        "volumes.a.from: is another volume than claim; remove one of them",
        id="claim and from",
    ),
    _web(
        "{ volumes: { a: { mount: /data, size: 1Gi, keep: false } } }",
        "volumes.a.kind: keep and was go with kind: persistent; scratch space dies with the pod",
        id="scratch space that is not kept",
    ),
    _web(
        "{ volumes: { a: { mount: /data, claim: theirs } } }",
        "volumes.a.claim: a persistent volume has one writer: give the app replicas: 1, or the volume shared: true "
        "(and a storage class that can do it)",
        id="claim with many writers",
    ),
    _web(
        "{ volumes: { a: { mount: /data, from: web } } }",
        "volumes.a.from: web is this app itself, whose containers all have its volumes; remove it",
        id="volume from the app itself",
    ),
    _web(
        "{ volumes: { a: { mount: /data, from: nobody.data } } }",
        "volumes.a.from: nobody is not an app of this stack; name one that is",
        id="volume from nobody",
    ),
    _web(
        "{ volumes: { a: { mount: /run/secrets, size: 1Gi } } }",
        "volumes.a.mount: /run/secrets belongs to the secrets; choose another path",
        id="volume on the secrets",
    ),
    _web(
        "{ volumes: { a: { mount: /, size: 1Gi } } }",
        f"volumes.a.mount: '/' {_NOT_A_PATH}",
        id="volume on the root",
    ),
    _web(
        "{ volumes: { a: { mount: /data, size: 1Gi, storageClass: gp3 } } }",
        "volumes.a.kind: storageClass and shared go with kind: persistent",
        id="storage class of scratch space",
    ),
    _web(
        "{ volumes: { a: { mount: /data, size: 1Gi, readOnly: true } } }",
        "volumes.a.readOnly: leaves scratch space empty for good, as nobody may write to it; remove it",
        id="scratch space that nobody may write to",
    ),
    _web(
        "{ volumes: { a: { mount: /data, size: 1Gi, kind: persistent } } }",
        "volumes.a.kind: a persistent volume has one writer: give the app replicas: 1, or the volume shared: true "
        "(and a storage class that can do it)",
        id="persistent volume with many writers",
    ),
    _web(
        "{ replicas: 1, rollout: { surge: 50%, strategy: rolling }, volumes: { a: { mount: /data, claim: theirs } } }",
        "rollout.surge: does nothing beside volume a, which one pod has at a time; remove it, or give the volume "
        "shared: true",
        "rollout.strategy: does nothing beside volume a, which one pod has at a time; remove it, or give the volume "
        "shared: true",
        id="rolling update of a volume with one writer",
    ),
    _job(
        "{ overlap: allow, volumes: { a: { mount: /data, size: 1Gi, kind: persistent } } }",
        "overlap: allow would give a persistent volume two writers; use forbid or replace",
        id="overlapping runs on one volume",
    ),
    _web(
        "{ init: true }",
        "init: true is a word of Compose, and no containers; remove it: no process goes before the image's own, so an "
        "image that leaves children behind starts tini by itself, as its ENTRYPOINT",
        id="init of Compose",
    ),
    _web(
        "{ init: { setup: {} } }",
        "init.setup.command: is required without an image: this would be the app once more",
        id="init without work",
    ),
    _web(
        "{ init: { a: { args: [x] } }, sidecars: { a: { args: [x] } } }",
        "sidecars.a: is the name of an init container too; choose another",
        id="init and sidecar of one name",
    ),
    _web(
        "{ init: { web: { args: [x] } } }",
        "init.web: is the name of the app's own container; choose another",
        id="init named like the app",
    ),
    _web(
        "{ sidecars: { a: { image: 'a:1', health: { readiness: /ok } } } }",
        "sidecars.a.health.readiness.port: is required: the app's port is not the sidecar's",
        id="probe of a sidecar without port",
    ),
    _web(
        "{ files: { /etc/a: ./a, /etc/b.conf: b.conf, /etc/c: /home/me/c, /etc/e: '/e is no file', /etc/f: \"./f\\n\", "
        "/etc/g: 'http://x/g', /etc/h: h } }",
        *(
            f'files["/etc/{name}"]: the value is a path, and no file is read from there; write what is in the file, on '
            "lines below '|'"
            for name in ("a", "b.conf", "c")
        ),
        id="path of a file in the place of its content",
    ),
    _web(
        "{ files: { /etc/a: { file: ./a } } }",
        'files["/etc/a"]: the value is a mapping, and no file is read from elsewhere; write what is in it, on lines '
        "below '|'",
        id="file of Compose",
    ),
    _web(
        "{ volumes: { data: { mount: /data, size: 1Gi } }, init: { a: { args: [x], files: { /data: x } } } }",
        'init.a.files["/data"]: /data cannot be a file: /data is a volume there',
        id="file of an init container on a volume",
    ),
    _web(
        "{ init: { a: { health: {} } } }",
        "init.a.health: unknown key; the keys here are args, command, env, files, image, resources",
        "init.a.command: is required without an image: this would be the app once more",
        id="probe of an init container",
    ),
)

_FLOWS = (
    _worker(
        "{ allowTo: [wep] }", "allowTo[0]: 'wep' is not an app of this stack; did you mean 'web'?", id="target misspelt"
    ),
    _worker(
        "{ allowTo: [web, database] }",
        "allowTo[1]: 'database' is not an app of this stack; the apps are job, web, worker",
        id="target unknown",
    ),
    _worker("{ allowTo: [job] }", "allowTo[0]: job is of kind cron, which serves no port", id="target without port"),
    _worker(
        "{ allowTo: [load-balancer] }",
        "allowTo[0]: load-balancer goes in allowFrom only; name the app or the network that is to be called",
        id="target load balancer",
    ),
    _worker("{ allowTo: web }", "allowTo: 'web' is not a list; write [web]", id="flows as text"),
    _web(
        "{ pullSecrets: ghcr, traffic: { hosts: '*.a.com' }, allowFrom: [{ app: job, ports: 80 }], ports: [80] }",
        "pullSecrets: 'ghcr' is not a list; write [ghcr]",
        "ports: is a list, and not a mapping; write each item as a key with its value",
        "allowFrom[0].ports: 80 is not a list; write [80]",
        "traffic.hosts: '*.a.com' is not a list; write [a, b]",
        id="one value in the place of a list",
    ),
    _worker(
        "{ allowTo: [5] }",
        "allowTo[0]: 5 is not the name of an app, a network, self or load-balancer",
        id="flow a number",
    ),
    _worker("{ allowTo: [web, web] }", "allowTo[1]: is listed twice; remove one", id="flow twice"),
    _web(
        "{ allowTo: [self, web], allowFrom: [{ app: web, ports: [8080] }, { app: self, ports: [8080] }, web] }",
        "allowTo[1]: web is the app itself, as self is too; remove one",
        "allowFrom[1]: web is the app itself, as self is too; remove one",
        id="app itself by two names",
    ),
    _web(
        "{ allowFrom: [web, load-balancer] }",
        "allowFrom[1]: the load balancer is nobody here, as the platform has no ingress; set platform.ingress, or "
        "write the namespace or the network from which requests come",
        id="load balancer of no ingress",
    ),
    BadInput(
        "load balancer of a stack on EKS without traffic",
        f"{_ON_EKS}apps: {{ web: {{ allowFrom: [{{ loadBalancer: true, ports: [8080] }}] }} }}",
        (
            "nightowl:apps.web.allowFrom[0]: the load balancer is nobody here, as no app of this stack has traffic; "
            "give one traffic, or write the namespace or the network from which requests come",
        ),
    ),
    _worker(
        "{ allowTo: [{}] }", "allowTo[0]: give exactly one of app, namespace, cidr and loadBalancer", id="flow empty"
    ),
    _worker(
        "{ allowTo: [{ app: web, ports: [8080, 81, 8080/udp, metrics] }] }",
        "allowTo[0].ports[1]: 81 is no port of web, which has app (8080)",
        "allowTo[0].ports[2]: 8080/udp is no port of web, which has app (8080)",
        "allowTo[0].ports[3]: metrics is no port of web, which has app (8080)",
        id="ports that an app does not serve",
    ),
    _worker(
        "{ allowTo: [{ cidr: 10.0.0.0/8, ports: [broker] }, { namespace: data, ports: [broker] }] }",
        "allowTo[0].ports[0]: broker is a name, which only an app of this stack has; write the number",
        "allowTo[1].ports[0]: broker is a name, which only an app of this stack has; write the number",
        id="name of a port outside the stack",
    ),
    _worker(
        "{ allowTo: [{ cidr: 10.0.0.0/8, ports: [0, 65536/udp, 'a b', 80/sctp] }] }",
        *(
            f"allowTo[0].ports[{index}]: {value} is not a port such as 5679 or 53/udp, nor the name of one"
            for index, value in enumerate(["0", "'65536/udp'", "'a b'", "'80/sctp'"])
        ),
        id="no port of a flow",
    ),
    _worker(
        "{ allowTo: [{ namespace: data, cidr: 10.0.0.0/8 }, { app: web, cidr: 10.0.0.0/8 }] }",
        "allowTo[0]: give exactly one of app, namespace, cidr and loadBalancer",
        "allowTo[1]: give exactly one of app, namespace, cidr and loadBalancer",
        id="two peers in one",
    ),
    _worker(
        "{ allowTo: [{ app: web, labels: { tier: db } }] }",
        "allowTo[0].labels: goes with namespace; the pods of this stack are named by app",
        id="labels of an app",
    ),
    _worker(
        "{ allowTo: [{ namespace: Data }] }",
        "allowTo[0].namespace: 'Data' is not the name of a namespace: use lower-case letters, digits and dashes",
        id="namespace with capitals",
    ),
    _worker(
        "{ allowFrom: [web] }",
        "allowFrom[0]: opens nothing: name the ports that the app serves under 'ports'",
        id="caller of what serves no port",
    ),
    BadInput(
        "allowTo a worker without ports",
        "apps: { web: { allowTo: [worker] } }",
        ("nightowl:apps.web.allowTo[0]: worker serves no port; name those that it serves under its 'ports'",),
    ),
    BadInput(
        "app name of the app itself",
        "apps: { self: { image: 'a:1', port: 1 } }",
        ("nightowl:apps.self: the name self means the pods of an app among themselves in allowTo; choose another",),
    ),
    _worker(
        "{ allowTo: [10.0.0.0/99] }",
        "allowTo[0].cidr: '10.0.0.0/99' is not a network such as 10.1.0.0/16",
        id="network prefix",
    ),
    _worker(
        "{ allowTo: [10.1.2.3/16] }",
        "allowTo[0].cidr: '10.1.2.3/16' is an address inside a network; did you mean 10.1.0.0/16?",
        id="network with host bits",
    ),
    _worker(
        "{ allowTo: [{ cidr: 10.0.0.0/255.0.0.0 }] }",
        "allowTo[0].cidr: '10.0.0.0/255.0.0.0' is not a network such as 10.1.0.0/16",
        id="network with a mask",
    ),
    _worker(
        "{ allowTo: [169.254.169.254/32] }",
        "allowTo[0].cidr: 169.254.169.254/32 is the node's metadata service, which gives out the node's credentials",
        id="metadata service",
    ),
    _web(
        "{ allowFrom: [{ cidr: 10.0.0.0/8, ports: [80] }] }",
        "allowFrom[0].ports[0]: 80 is no port of this app, which has app (8080)",
        id="ports of a caller",
    ),
    _web(
        "{ allowFrom: [wroker] }",
        "allowFrom[0]: 'wroker' is not an app of this stack; did you mean 'worker'?",
        id="caller misspelt",
    ),
    _web(
        "{ traffic: { protocol: tcp, host: [a], sticky: 5m, redirect: https } }",
        "traffic.host: a list is not a text; put it in quotes",
        "traffic.sticky: goes with protocol http only; a TCP connection names no cookie",
        "traffic.redirect: goes with protocol http only; a TCP connection names no host",
        id="a key of HTTP that cannot be read beside others",
    ),
    _web(
        "{ traffic: { paths: [/b, c] } }",
        "traffic.paths[1].path: 'c' is not a path prefix such as / or /api",
        id="no path among several",
    ),
    _web(
        "{ traffic: { host: a.example.com, hosts: [b.example.com, b.example.com], path: /a, paths: [/b, /b/] } }",
        "traffic.hosts: goes without host; write all of them here",
        "traffic.hosts[1]: b.example.com is listed twice; remove one",
        "traffic.paths: goes without path; write all of them here",
        "traffic.paths[1]: /b/ is listed twice; remove one",
        id="hosts and paths twice",
    ),
    _web(
        "{ traffic: { hosts: [a.example.com, '*.example.com'], redirect: b.example.com, sticky: 8d } }",
        "traffic.redirect: b.example.com is none of the hosts; write https, or one of them without wildcard",
        "traffic.sticky: 8d is not between 1s and 7d",
        id="redirect to a stranger",
    ),
    _web(
        "{ traffic: { host: a.example.com, redirect: a.example.com } }",
        "traffic.redirect: there is nothing to send to a.example.com; name the other hosts too, under hosts",
        id="redirect of nothing",
    ),
    _web(
        "{ traffic: { protocol: tcp, hosts: [a.example.com], paths: [/a], sticky: 1h, redirect: https } }",
        *(
            f"traffic.{key}: goes with protocol http only; a TCP connection names no {what}"
            for key, what in (("hosts", "host"), ("paths", "path"), ("sticky", "cookie"), ("redirect", "host"))
        ),
        id="keys of HTTP over TCP",
    ),
    BadInput(
        "traffic that an Ingress does not carry",
        """
        platform: { ingress: { className: traefik, namespace: edge } }
        apps:
          web: { traffic: { hosts: [a.example.com, b.example.com], sticky: 1h, redirect: a.example.com } }
          api: { image: "a:1", port: 1, traffic: { protocol: http2 } }
          rpc: { image: "a:1", port: 1, traffic: { protocol: grpc, host: c.example.com } }
          db: { image: "a:1", port: 1, traffic: { protocol: tcp } }
        """,
        (
            "nightowl:apps.web.traffic.redirect: to a host is no part of an Ingress; remove it, and let the app answer "
            "it",
            f"nightowl:apps.web.traffic.sticky: {_NOT_OF_AN_INGRESS}",
            "nightowl:apps.api.traffic.protocol: http2 to the pods is no part of an Ingress; write http, or grpc for "
            "gRPC",
            f"nightowl:apps.rpc.traffic.protocol: {_NOT_OF_AN_INGRESS}",
            "nightowl:apps.db.traffic.protocol: tcp does not pass an Ingress, which carries HTTP only; remove this "
            "address, or leave platform.ingress out",
        ),
    ),
    _web(
        "{ traffic: { host: localhost } }",
        "traffic.host: 'localhost' is not a host name such as app.example.com or *.example.com",
        id="host without domain",
    ),
    _web(
        "{ traffic: { host: 10.0.0.1 } }",
        "traffic.host: '10.0.0.1' is not a host name such as app.example.com or *.example.com",
        id="host an address",
    ),
    _web(
        "{ traffic: { path: api } }",
        "traffic.path: 'api' is not a path prefix such as / or /api",
        id="traffic path relative",
    ),
    BadInput(
        "several addresses of one app with mistakes of their own",
        "apps: { web: { ports: { admin: 9000 }, traffic: [{ host: a.example.com }, { host: a.example.com, "
        "port: app }, { port: ssh }] }, two: { image: 'a:1', port: 1, traffic: [{ host: x }] } }",
        (
            "nightowl:apps.web.traffic[1].port: traffic[0] leads to app (8080) too; write all hosts and paths of a "
            "port in one address",
            "nightowl:apps.web.traffic[2].port: ssh is no TCP port of this app, which has app (8080), admin (9000)",
            "nightowl:apps.two.traffic[0].host: 'x' is not a host name such as app.example.com or *.example.com",
            "nightowl:apps.web.traffic[1]: a.example.com/ is the address of this app already; remove one",
        ),
    ),
    BadInput(
        "two apps on one address",
        "apps: { web: { traffic: { host: a.example.com, path: /api } }, two: { image: 'a:1', port: 1, traffic: "
        "{ host: a.example.com, path: /api/ } } }",
        ("nightowl:apps.two.traffic: a.example.com/api is the address of web too; give each app its own",),
    ),
    BadInput(
        "two apps on a host that one of them redirects",
        "apps: { web: { traffic: { hosts: [a.example.com, b.example.com], redirect: a.example.com, path: /api } }, "
        "two: { image: 'a:1', port: 1, traffic: { host: b.example.com } } }",
        ("nightowl:apps.two.traffic: b.example.com/ is the address of web too; give each app its own",),
    ),
)

_SCHEDULES = (
    _job("{ schedule: '* * * *' }", f"schedule: '* * * *' {_NOT_A_SCHEDULE}", id="schedule with four fields"),
    _job("{ schedule: '@fortnightly' }", f"schedule: '@fortnightly' {_NOT_A_SCHEDULE}", id="schedule macro unknown"),
    _job(
        "{ schedule: '61 * * * *' }",
        "schedule: '61 * * * *' has no minute '61': it goes from 0 to 59",
        id="schedule out of range",
    ),
    _job(
        "{ schedule: '0 0 30 2 *' }",
        "schedule: '0 0 30 2 *' names a date that never comes",
        id="schedule that never comes",
    ),
    _job(
        "{ schedule: '*/0 * * * *' }",
        "schedule: '*/0 * * * *' has no minute '*/0': it goes from 0 to 59",
        id="schedule step zero",
    ),
    _job(
        "{ schedule: '0 0 * * ²' }",
        "schedule: '0 0 * * ²' has no day of week '²': it goes from 0 to 6",
        id="schedule in other digits",
    ),
    _job("{ schedule: !remove }", "schedule: is required", id="schedule missing"),
    _job(
        "{ timeZone: Europe/Berln }",
        "timeZone: 'Europe/Berln' is not a time zone; did you mean Europe/Berlin?",
        id="time zone misspelt",
    ),
    _job("{ timeout: 0s }", "timeout: 0s is not between 1s and 7d", id="timeout zero"),
    _job("{ retries: -1 }", "retries: -1 is below 0", id="retries negative"),
    _job("{ overlap: maybe }", "overlap: 'maybe' is not forbid, allow or replace", id="overlap unknown"),
)

_VALUES = (
    _web("{ resources: { cpu: .nan } }", "resources.cpu: is not a number", id="not a number"),
    _web("{ port: 99999999999999999999 }", "port: is a number with more than 64 bits", id="number too large"),
    _web(
        '{ env: { A: "a\\0b" } }',
        "env.A: has a character with the code 0, which no container can read",
        id="character zero",
    ),
    _web(
        f"{{ volumes: {'{a: ' * 25}1{'}' * 25} }}",
        "volumes: is nested more than 20 levels deep",
        id="nested too deeply",
    ),
)

_WILDCARD = "has a wildcard, which would let in more than one place; write each subject in full"
_NOT_A_SUBJECT = "is not the subject of a GitHub token, such as repo:owner/name:environment:prod"
_NOT_AN_ID = "is not a repository's id: digits in quotes, as `gh api repos/OWNER/NAME --jq .id` tells them"
_NOT_A_REPOSITORY = "is not a repository on GitHub; write owner/name"
_NOT_A_BACKEND = "is not where `nightowl bootstrap` keeps the state; write s3://BUCKET?region=REGION&awssdk=v2"
_NO_ENVIRONMENT = "names no environment; end it with :environment:NAME"
_READER = "arn:aws:iam::444455556666:role/nightowl-staging-deploy"

_EKS = (
    BadInput(
        "namespace of somebody else on EKS",
        f"{_ON_EKS}namespace: {{ existing: true }}",
        ("nightowl:namespace.existing: goes with platform.kind: existing only; remove it",),
    ),
    BadInput(
        "deadline before a network load balancer has found a pod",
        f"{_ON_EKS}apps: {{ web: {{ traffic: {{ protocol: tcp }}, rollout: {{ deadline: 5m }} }} }}",
        (
            "nightowl:apps.web.rollout.deadline: 5m is not above the longest start of 2m and the 3m that a load "
            "balancer may take to find a new pod well; raise it, or lower health.startWithin",
        ),
    ),
)

_DELIVERY = (
    BadInput(
        "delivery of another platform",
        "delivery: { promotesFrom: dev }",
        ("nightowl:delivery: goes with platform.kind: eks only",),
    ),
    _delivery("{ gitHub: {} }", ".gitHub: unknown key; did you mean 'github'?", id="key misspelt"),
    _delivery("dev", ": 'dev' is not a mapping; write keys below it", id="as text"),
    _delivery(
        "{ github: {} }",
        ".github.repository: is required",
        ".github.repositoryId: is required",
        ".github.deploy: is required",
        ".github.preview: is required",
        id="github without keys",
    ),
    _github({"repository": "nightowl"}, f".repository: 'nightowl' {_NOT_A_REPOSITORY}", id="repository without owner"),
    _github(
        {"repository": '"https://github.com/example/nightowl"'},
        f".repository: 'https://github.com/example/nightowl' {_NOT_A_REPOSITORY}",
        id="repository as address",
    ),
    _github({"repository": "example/.."}, f".repository: 'example/..' {_NOT_A_REPOSITORY}", id="repository of dots"),
    _github({"repositoryId": "123456789"}, f".repositoryId: 123456789 {_NOT_AN_ID}", id="id without quotes"),
    _github({"repositoryId": '"R_kgDO"'}, f".repositoryId: 'R_kgDO' {_NOT_AN_ID}", id="id of the graph API"),
    _github({"deploy": "[]"}, ".deploy: is empty, so no workflow could; name a subject", id="deploy empty"),
    _github({"preview": "[]"}, ".preview: is empty, so no workflow could; name a subject", id="preview empty"),
    _github({"deploy": _PROD}, f".deploy: '{_PROD}' is not a list; write [{_PROD}]", id="deploy no list"),
    _deploy("repo:example/nightowl:*", f"'repo:example/nightowl:*' {_WILDCARD}", id="every place of the repository"),
    _deploy(
        "repo:example/*:environment:prod",
        f"'repo:example/*:environment:prod' {_WILDCARD}",
        id="every repository of the owner",
    ),
    _deploy(
        "repo:example/nightowl:environment:pro?",
        f"'repo:example/nightowl:environment:pro?' {_WILDCARD}",
        id="question mark",
    ),
    _deploy(
        "repo:example/nightowl:environment:${aws:username}",
        f"'repo:example/nightowl:environment:${{aws:username}}' {_WILDCARD}",
        id="policy variable",
    ),
    _deploy("environment:prod", f"'environment:prod' {_NOT_A_SUBJECT}", id="subject of another template"),
    _deploy(
        "example/nightowl:environment:prod", f"'example/nightowl:environment:prod' {_NOT_A_SUBJECT}", id="no repo:"
    ),
    _deploy(f"{_PROD} ", f"'{_PROD} ' {_NOT_A_SUBJECT}", id="space behind"),
    _deploy(
        "repo:example/other:environment:prod",
        "repo:example/other:environment:prod is of another repository than example/nightowl",
        id="other repository",
    ),
    _deploy(
        "repo:Example/nightowl:environment:prod",
        "repo:Example/nightowl:environment:prod is of another repository than example/nightowl",
        id="owner in capitals",
    ),
    _deploy(
        "repo:example@42/nightowl@1:environment:prod",
        "repo:example@42/nightowl@1:environment:prod names the repository's id 1, but repositoryId is 123456789",
        id="other id",
    ),
    _deploy(
        "repo:example/nightowl@123456789:environment:prod",
        "repo:example/nightowl@123456789:environment:prod has one id only; write repo:OWNER@OWNER_ID/NAME@ID:..., or "
        "leave both out",
        id="one id",
    ),
    _github(
        {"deploy": f'["{_PULL_REQUEST}"]', "preview": f'["{_MAIN}"]'},
        f".deploy[0]: {_PULL_REQUEST} {_NO_ENVIRONMENT}",
        id="pull requests deploy",
    ),
    _github({"deploy": f'["{_MAIN}"]'}, f".deploy[0]: {_MAIN} {_NO_ENVIRONMENT}", id="a branch deploys"),
    _github(
        {"deploy": f'["{_PROD}", "{_STAGING}"]'},
        f".deploy[1]: {_STAGING} names another environment than prod; choose one",
        id="two environments deploy",
    ),
    _github(
        {"deploy": f'["{_PROD}", "{_PROD}"]'},
        f".deploy[1]: {_PROD} is listed in deploy too; a subject has one place",
        id="subject twice",
    ),
    _github(
        {"preview": f'["{_PROD}"]'},
        f".preview[0]: {_PROD} is listed in deploy too; a subject has one place",
        id="deployments preview",
    ),
    _github(
        {"preview": '["repo:example/nightowl:environment:Prod"]'},
        ".preview[0]: repo:example/nightowl:environment:Prod names the environment of deploy; choose another",
        id="environment of deploy in capitals",
    ),
    _github(
        {"preview": '["repo:example/nightowl:ref:refs/tags/v1"]'},
        ".preview[0]: repo:example/nightowl:ref:refs/tags/v1 ends with none of :pull_request, :ref:refs/heads/BRANCH "
        "and :environment:NAME",
        id="a tag previews",
    ),
    _github(
        {"ephemeral": f'["{_PULL_REQUEST}"]'},
        f".ephemeral[0]: {_PULL_REQUEST} is listed in preview too; a subject has one place",
        id="pull requests in two places",
    ),
    _github({"ephemeral": f'["{_MAIN}"]'}, f".ephemeral[0]: {_MAIN} {_NO_ENVIRONMENT}", id="a branch makes stacks"),
    _github(
        {"ephemeral": '["repo:example@42/nightowl@123456789:environment:prod"]'},
        ".ephemeral[0]: repo:example@42/nightowl@123456789:environment:prod names the environment of deploy; choose "
        "another",
        id="environment of deploy with ids",
    ),
    _delivery(
        "{ images: { web: { build: apps/web } } }",
        ".images: unknown key; the folder of an app's image stands beside the image: write build: apps/web below "
        "nightowl:apps.web",
        id="images of 0.1.0",
    ),
    _delivery("{ promotesFrom: Dev }", f".promotesFrom: 'Dev' {_NOT_A_NAME}, such as dev", id="stack in capitals"),
    _delivery(
        f"{{ readers: ['{_READER}'] }}",
        ".readers: has nothing to read, as no app has 'build'; name the folder of an image there, or remove readers",
        id="readers of nothing",
    ),
    _delivery(
        f"{{ readers: ['{_READER}', '{_READER}'] }}\napps: {{ web: {{ build: apps/web }} }}",
        f".readers[1]: {_READER} is listed twice",
        id="reader twice",
    ),
    *(
        _delivery(
            f"{{ secrets: ['{beginning}'] }}",
            ".secrets[0]: the value is not how names of secrets begin, up to a slash, such as shared/",
            id=f"secrets {beginning}",
        )
        for beginning in ("*", "shared", "/", "prod/*", "a b/")
    ),
    _delivery(
        "{ readers: ['arn:aws:iam::444455556666:root'] }",
        ".readers[0]: 'arn:aws:iam::444455556666:root' is not the ARN of an IAM role, such as "
        "arn:aws:iam::123456789012:role/deploy",
        id="a whole account reads",
    ),
    *(
        _delivery(f'{{ backend: "{url}" }}', f".backend: '{url}' {_NOT_A_BACKEND}", id=f"backend {url}")
        for url in ("file://state", "s3://state", "s3://a.b?region=eu-central-1", "s3://state/dev?region=eu-central-1")
    ),
    _delivery(
        '{ backend: "s3://state?awssdk=v2" }',
        ".backend: 's3://state?awssdk=v2' does not say in one region=REGION where the bucket is",
        id="backend without region",
    ),
    _delivery(
        '{ backend: "s3://state?region=eu-central-1&endpoint=example.com" }',
        ".backend: 's3://state?region=eu-central-1&endpoint=example.com' has the parameter endpoint; only region and "
        "awssdk are taken",
        id="backend elsewhere",
    ),
    _delivery(
        '{ backend: "s3://state?region=eu-central-1&awssdk=v1" }',
        ".backend: 's3://state?region=eu-central-1&awssdk=v1' asks for another AWS SDK; write awssdk=v2",
        id="backend by an old SDK",
    ),
    _delivery(
        '{ backend: "s3://state?region=us-east-1" }',
        ".backend: names region us-east-1, but the stack lives in eu-central-1; `nightowl bootstrap` writes it",
        id="backend in another region",
    ),
    _delivery(
        "{ runner: true, backend: 's3://state?region=eu-central-1' }",
        ".runner: goes with github, which says whose jobs start it",
        id="runner of nobody",
    ),
    BadInput(
        "delivery role listed by hand",
        f"""{_ON_EKS.replace("role/deployer", "role/nightowl-prod-deploy")}
delivery: {{ github: {{ repository: example/nightowl, repositoryId: "123456789", deploy: ["{_PROD}"],
  preview: ["{_PULL_REQUEST}"] }} }}
""",
        (
            "nightowl:cluster.access.deployers: holds arn:aws:iam::123456789012:role/nightowl-prod-deploy, a role of "
            "the pipeline, which gets its access from delivery.github; remove it",
        ),
    ),
)

_TAG_OF = "is the project's own tag"
_SHORT_DOMAIN = f"{'a' * 61}.de"
_PUBLIC = "which reach nothing over the internet and which EKS refuses; name the public addresses of the network"


def _eks(overlay: str, *lines: str, id: str) -> BadInput:
    """Lay sections over those of an EKS stack."""
    return BadInput(f"eks {id}", f"{_ON_EKS}{overlay}", tuple(f"nightowl:{line}" for line in lines))


def _pool(overlay: str, *lines: str, id: str) -> BadInput:
    """Change the pool `apps` of an EKS stack; the lines are relative to it."""
    return BadInput(
        f"pool {id}",
        _ON_EKS.replace("apps: { instanceTypes: [m7g.large],", f"apps: {{ instanceTypes: [m7g.large], {overlay},"),
        tuple(f"nightowl:nodePools.apps.{line}" for line in lines),
    )


def _tagged(tags: str, *lines: str, id: str) -> BadInput:
    return BadInput(
        f"tags {id}",
        _ON_EKS.replace("accountId:", f"tags: {tags}, accountId:"),
        tuple(f"nightowl:platform.tags{line}" for line in lines),
    )


_LIMITS_OF_AWS = (
    _tagged("{ Project: shop }", f".Project: {_TAG_OF} project, in any case; choose another key", id="of our own"),
    _tagged(
        "{ Team: a, team: b }",
        ".team: differs from Team in case only, which IAM takes for the same; remove one",
        id="that differ in case",
    ),
    _pool(
        'labels: { workload: "" }',
        "labels.workload: '' is empty, which EKS refuses for the label of a node; write a value such as \"true\"",
        id="label without a value",
    ),
    _pool(
        f"labels: {{ example.com/{'a' * 52}: x }}",
        f"labels[\"example.com/{'a' * 45}...\"]: 'example.com/{'a' * 45}...' has 64 characters, but EKS takes 63 with "
        "the prefix; shorten the key",
        id="label with a long prefix",
    ),
    _pool(
        f"taints: [{{ key: example.com/{'a' * 52} }}]",
        f"taints[0].key: 'example.com/{'a' * 45}...' has 64 characters, but EKS takes 63 with "
        "the prefix; shorten the key",
        id="taint with a long prefix",
    ),
    _pool(
        "labels: { example..com/team: x }",
        "labels[\"example..com/team\"]: 'example..com/team' is not the key of a label: before the slash "
        "comes a DNS name",
        id="label with two dots in its prefix",
    ),
    _pool(
        f"taints: [{', '.join(f'{{ key: t{index} }}' for index in range(51))}]",
        "taints: has 51 taints; EKS takes 50 here",
        id="taints beyond 50",
    ),
    _pool(
        "imageRelease: 1.35.2-20261110",
        "imageRelease: 1.35.2-20261110 is not of Kubernetes 1.36, which the nodes run; name one of 1.36, or "
        "remove the key",
        id="image of another version",
    ),
    _pool(
        "imageRelease: 1.3.2-20261110",
        "imageRelease: 1.3.2-20261110 is not of Kubernetes 1.36, which the nodes run; name one of 1.36, or "
        "remove the key",
        id="image of a version with the same beginning",
    ),
    BadInput(
        "pool image of the control plane's version where nodes stay behind",
        _ON_EKS.replace("[m7g.large], min: 2, max: 4 }", "[m7g.large], imageRelease: 1.36.2-20261110 }")
        + "cluster: { nodesVersion: '1.35' }",
        (
            "nightowl:nodePools.apps.imageRelease: 1.36.2-20261110 is not of Kubernetes 1.35, which the nodes run; "
            "name one of 1.35, or remove the key",
        ),
    ),
    *(
        _eks(
            f"cluster: {{ publicAccess: ['{network}'] }}",
            f"cluster.publicAccess[0]: '{network}' holds reserved addresses ({reserved}), {_PUBLIC}",
            id=f"API server open to {network}",
        )
        for network, reserved in (
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3/32", "10.0.0.0/8"),
            ("172.20.0.0/16", "172.16.0.0/12"),
            ("192.168.1.0/24", "192.168.0.0/16"),
            ("100.64.0.0/10", "100.64.0.0/10"),
            ("127.0.0.1/32", "127.0.0.0/8"),
            ("169.254.0.0/16", "169.254.0.0/16"),
            ("224.0.0.0/24", "224.0.0.0/4"),
            ("255.255.255.255/32", "240.0.0.0/4"),
            ("0.0.0.0/1", "0.0.0.0/8"),
        )
    ),
    _eks(
        "cluster: { publicAccess: ['2001:db8::/32'] }",
        "cluster.publicAccess[0]: '2001:db8::/32' is an IPv6 network, but EKS takes IPv4 networks for this cluster; "
        "name those, or remove it",
        id="API server open to IPv6",
    ),
    _eks(
        f"cluster: {{ publicAccess: [{', '.join(f'203.0.113.{index}/32' for index in range(41))}] }}",
        "cluster.publicAccess: has 41 networks; EKS takes 40, so name wider ones",
        id="API server open to 41 networks",
    ),
    _eks(
        "apps: { my--app: { image: 'a:1', build: apps/my, port: 1 } }",
        "apps.my--app.build: is for an app whose name has two dashes in a row, and an image repository has small "
        "letters and digits with single dashes, dots or underscores between them; rename the app",
        id="app that no repository can be called after",
    ),
    _eks(
        f"loadBalancer: {{ domain: a.{_SHORT_DOMAIN} }}",
        f"loadBalancer.domain: 'a.{'a' * 55}...' has 66 characters, but the first name of a certificate has at most 64",
        id="domain beyond a certificate's first name",
    ),
    _eks(
        "loadBalancer: { domain: example.c }",
        "loadBalancer.domain: 'example.c' ends in a single letter, for which ACM makes no certificate",
        id="domain with a short end",
    ),
    _eks(
        f"apps: {{ web: {{ traffic: {{}}, health: {{ readiness: /{'a' * 1024} }} }} }}",
        "apps.web.health.readiness.http: has 1025 characters; the load balancer asks a path of at most 1024",
        id="readiness path beyond the load balancer's",
    ),
)

_PERMISSIONS = (
    _delivery(
        "{ permissions: [{ actions: rds:ModifyDBInstance, resources: '*' }] }",
        ".permissions: goes with github, whose roles get them",
        id="rights of a pipeline that there is none of",
    ),
    _web(
        "{ permissions: [{ access: read }] }",
        "permissions[0].actions: is required, or what else the pods may do: one of s3, sqs, sns, dynamodb, "
        "secretsManager, ses, bedrock, actions and policy",
        id="permission without a resource",
    ),
    _web(
        "{ permissions: [{ s3: uploads, sqs: jobs }] }",
        "permissions[0].sqs: does not go with s3; write it as an entry of its own",
        id="two permissions in one",
    ),
    _web(
        "{ permissions: [{ s3: Uploads }] }",
        "permissions[0].s3: 'Uploads' is neither the name of a bucket nor its ARN",
        id="permission on no bucket",
    ),
    _web(
        "{ permissions: [{ sqs: 'arn:aws:sns:eu-central-1:111122223333:news' }] }",
        "permissions[0].sqs: 'arn:aws:sns:eu-central-1:111122223333:news' is neither the name of a queue nor its ARN",
        id="permission with the ARN of another service",
    ),
    _web(
        "{ permissions: [{ sns: news, access: read }] }",
        "permissions[0].access: of sns is write only: what a topic sends is read from a queue that subscribes to it",
        id="permission to read a topic",
    ),
    _web(
        "{ permissions: [{ ses: example.com, kmsKey: 'arn:aws:kms:eu-central-1:111122223333:key/1' }] }",
        "permissions[0].kmsKey: does not go with ses; remove it",
        id="permission with a key for mail",
    ),
    _web(
        "{ permissions: [{ s3: uploads, kmsKey: alias/mine }] }",
        "permissions[0].kmsKey: 'alias/mine' is not the ARN of a KMS key, such as "
        "arn:aws:kms:eu-central-1:111122223333:key/ID; an alias names none here",
        id="permission with an alias",
    ),
    _web(
        "{ permissions: [{ s3: uploads, prefix: /in }, { sqs: jobs, prefix: in }] }",
        "permissions[0].prefix: '/in' is not how keys begin: write it without a slash in front, wildcards and spaces",
        "permissions[1].prefix: goes with s3, not with sqs; remove it",
        id="permission with a wrong prefix",
    ),
    _web(
        "{ permissions: [{ actions: ['*', 's3:*', PutMetricData], resources: '*' }] }",
        "permissions[0].actions[0]: '*' would be all that a service can do, also what it learns tomorrow; name the "
        "actions",
        "permissions[0].actions[1]: 's3:*' would be all that a service can do, also what it learns tomorrow; name the "
        "actions",
        "permissions[0].actions[2]: 'PutMetricData' is not an action such as s3:GetObject; a wildcard may stand at its "
        "end",
        id="actions that are none or too many",
    ),
    _web(
        "{ permissions: [{ actions: [sqss:SendMessage, stepfunctions:StartExecution], resources: '*' }] }",
        "permissions[0].actions[0]: 'sqss:SendMessage' names sqss, which is no service of IAM; did you mean 'sqs'?",
        "permissions[0].actions[1]: 'stepfunctions:StartExecution' names stepfunctions, which is no service of IAM; "
        "did you mean 'states'?",
        id="actions of services that there are none of",
    ),
    _web(
        "{ permissions: [{ sqs: 'arn:aws:sqs:eu-central-3:111122223333:jobs' }, "
        "{ actions: sqs:PurgeQueue, resources: ['arn:aws:sqs:eu-wst-1::jobs', 'arn:aws:sqz:::jobs'] }] }",
        "permissions[0].sqs: 'arn:aws:sqs:eu-central-3:111122223333:jobs' names the region eu-central-3, which is none "
        "that boto3 knows; did you mean 'eu-central-2'?",
        "permissions[1].resources[0]: 'arn:aws:sqs:eu-wst-1::jobs' names the region eu-wst-1, which is none "
        "that boto3 knows; did you mean 'eu-west-1'?",
        "permissions[1].resources[1]: 'arn:aws:sqz:::jobs' names sqz, which is no service of IAM; did you mean 'sqs'?",
        id="ARNs of regions and services that there are none of",
    ),
    _web(
        "{ permissions: [{ actions: iam:CreateUser, resources: '*' }] }",
        "permissions[0].actions[0]: 'iam:CreateUser' changes who may do what in the account, which is for those who "
        "deploy; leave it out",
        id="permission to make users",
    ),
    _web(
        "{ permissions: [{ actions: sqs:PurgeQueue }] }",
        "permissions[0].resources: is required: on what the actions may be done",
        id="actions without resources",
    ),
    _web(
        "{ permissions: [{ policy: 'arn:aws:iam::aws:policy/ReadOnlyAccess', access: read, resources: jobs }] }",
        "permissions[0].resources[0]: 'jobs' is not the ARN of a resource, such as arn:aws:s3:::bucket/*",
        "permissions[0].access: goes with a service such as s3, not with policy; remove it",
        id="policy with what a statement has",
    ),
    _web(
        "{ permissions: [{ s3: { output: 'my bucket' } }] }",
        "permissions[0].s3.output: 'my bucket' is not the name of an output: use letters, digits, dashes and "
        "underscores",
        id="permission with no name of an output",
    ),
    _web(
        "{ permissions: [{ s3: { outputs: uploads } }] }",
        "permissions[0].s3.outputs: unknown key; did you mean 'output'?",
        id="permission with a mistyped output",
    ),
    _web(
        "{ permissions: { s3: uploads } }",
        "permissions: is a mapping, and not a list; write each item on a line of its own, with '- ' in front",
        id="permissions that are no list",
    ),
    _web(
        "{ iam: {} }",
        "iam: unknown key; write what its pods may do on AWS under 'permissions'; the role is made from it",
        id="word for rights",
    ),
)

_SEVERAL = (
    BadInput(
        "problems of several apps at once",
        """
        apps:
          web: { port: http, allowTo: [nobody], scaling: { max: 2 } }
          worker: { image: nginx, allowTo: [wep] }
          job: { allowTo: [worker] }
        """,
        (
            "nightowl:apps.web.scaling.max: 2 is below min 3",
            "nightowl:apps.web.port: 'http' is not a whole number",
            "nightowl:apps.worker.image: 'nginx' has neither a tag nor a digest; write name:tag@sha256:digest",
            "nightowl:apps.web.allowTo[0]: 'nobody' is not an app of this stack; the apps are job, web, worker",
            "nightowl:apps.worker.allowTo[0]: 'wep' is not an app of this stack; did you mean 'web'?",
            "nightowl:apps.job.allowTo[0]: worker serves no port; name those that it serves under its 'ports'",
        ),
    ),
    BadInput(
        "problems of several sections at once",
        "{ platform: { context: !remove }, namespace: { name: default }, apps: { web: { port: 0 } }, other: {} }",
        (
            "nightowl:platform.context: is required",
            "nightowl:namespace.name: 'default' belongs to the cluster; choose a namespace of your own",
            "nightowl:apps.web.port: 0 is below 1",
            f"nightowl:other: unknown key; the keys here are {_SECTION_KEYS}",
        ),
    ),
)

BAD_INPUTS = (
    *_PLATFORM,
    *_NAMESPACE,
    *_SECTIONS,
    *_APP,
    *_ORDER,
    *_CONFIGURATION,
    *_RESOURCES,
    *_HEALTH,
    *_REPLICAS,
    *_CONTAINERS,
    *_FLOWS,
    *_SCHEDULES,
    *_VALUES,
    *_EKS,
    *_DELIVERY,
    *_LIMITS_OF_AWS,
    *_PERMISSIONS,
    *_SEVERAL,
)
