"""What well-known images serve and who runs in them, for those who cannot ask a registry.

Sources: the Dockerfiles of the official images (github.com/docker-library), of Elastic, Grafana, MinIO, n8n and
Prometheus; `nightowl image` prints the same of any image from its registry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class UsualImage:
    """What is known of an image, whatever its version."""

    port: int | None = None
    """The TCP port that it serves by default."""
    user: int | None = None
    """Number of the user that it changes to by itself, which it may also be started as; None where it must be root."""
    alpine_user: int | None = None
    """The same in its variants on Alpine, where it is another."""
    writable: tuple[str, ...] = ()
    """Folders besides its data that it writes to, and that may be empty when it starts."""
    own_files: tuple[str, ...] = ()
    """Folders with files of the image that it changes when it starts."""
    data: tuple[str, ...] = ()
    """Folders that the image declares as volumes, and that belong to its user."""
    owner: str = "library"
    """Whose image it is, where what it writes is known: those of others may be made otherwise."""


_USUAL = {
    "adminer": UsualImage(port=8080, user=100),
    "alertmanager": UsualImage(port=9093, user=65534),
    "cassandra": UsualImage(port=9042, user=999, own_files=("/etc/cassandra",), data=("/var/lib/cassandra",)),
    "couchdb": UsualImage(port=5984, user=5984),
    "elasticsearch": UsualImage(
        port=9200,
        user=1000,
        own_files=("/usr/share/elasticsearch/config",),
        data=("/usr/share/elasticsearch/data",),
        owner="elasticsearch",
    ),
    "eclipse-mosquitto": UsualImage(port=1883, user=1883),
    "ghost": UsualImage(port=2368, user=1000),
    "gitea": UsualImage(port=3000),
    "grafana": UsualImage(port=3000, user=472, data=("/var/lib/grafana",), owner="grafana"),
    "haproxy": UsualImage(user=99),
    "httpd": UsualImage(port=80),
    "influxdb": UsualImage(port=8086, user=1000),
    "jenkins": UsualImage(port=8080, user=1000),
    "keycloak": UsualImage(port=8080, user=1000, own_files=("/opt/keycloak",), owner="keycloak"),
    "kibana": UsualImage(port=5601, user=1000),
    "mariadb": UsualImage(port=3306, user=999, writable=("/run/mysqld",), data=("/var/lib/mysql",)),
    "memcached": UsualImage(port=11211, user=11211),
    "minio": UsualImage(port=9000, user=1000),
    "cp-kafka": UsualImage(port=9092, user=1000, owner="confluentinc"),
    "kafka": UsualImage(port=9092, user=1000, own_files=("/opt/kafka/config",), owner="apache"),
    "mongo": UsualImage(port=27017, user=999, data=("/data/db", "/data/configdb")),
    "mongo-express": UsualImage(port=8081, user=1000),
    "mysql": UsualImage(port=3306, user=999, writable=("/var/run/mysqld",), data=("/var/lib/mysql",)),
    "n8n": UsualImage(port=5678, user=1000),
    "nats": UsualImage(port=4222, user=1000),
    "nextcloud": UsualImage(port=80),
    "nginx": UsualImage(port=80, writable=("/var/cache/nginx", "/run")),
    "node-exporter": UsualImage(port=9100, user=65534),
    "phpmyadmin": UsualImage(port=80),
    "postgres": UsualImage(
        port=5432,
        user=999,
        alpine_user=70,
        writable=("/var/run/postgresql",),
        data=("/var/lib/postgresql/data",),
    ),
    "prometheus": UsualImage(port=9090, user=65534, data=("/prometheus",), owner="prom"),
    "rabbitmq": UsualImage(port=5672, user=999, alpine_user=100, data=("/var/lib/rabbitmq",)),
    "redis": UsualImage(port=6379, user=999, data=("/data",)),
    "registry": UsualImage(port=5000, user=1000),
    "runners": UsualImage(user=1000),
    "traefik": UsualImage(port=80),
    "valkey": UsualImage(port=6379, user=999, data=("/data",), owner="valkey"),
    "wordpress": UsualImage(port=80),
    "zookeeper": UsualImage(port=2181, user=1000, own_files=("/conf",), data=("/data", "/datalog")),
}
FASTCGI_PORT = 9000
NOT_HTTP = {
    22: "ssh", 25: "smtp", 53: "dns", 110: "pop3", 143: "imap", 389: "ldap", 465: "smtps", 587: "submission",
    636: "ldaps", 993: "imaps", 995: "pop3s", 1433: "mssql", 1521: "oracle", 1883: "mqtt", 1935: "rtmp", 2049: "nfs",
    2181: "zookeeper", 2379: "etcd", 3306: "mysql", 3478: "stun", 4190: "sieve", 4222: "nats", 5044: "beats",
    5222: "xmpp-client", 5269: "xmpp-server", 5432: "postgres", 5671: "amqps", 5672: "amqp", 6379: "redis",
    6380: "redis", 6650: "pulsar", 7233: "temporal", 7687: "bolt", 8883: "mqtts", 9042: "cassandra", 9092: "kafka",
    9094: "kafka", 9300: "elasticsearch", 11211: "memcached", 24224: "fluentd", 26379: "redis-sentinel",
    27017: "mongo", 29092: "kafka", 50000: "jenkins-agent", 61616: "openwire",
}  # fmt: skip
"""Ports on which no HTTP is spoken by custom, with the protocol (IANA, and the defaults of those servers)."""


_NO_NEIGHBOURS = {"mysql": "/var/lib/mysql", "cp-kafka": "/var/lib/kafka/data"}
"""Where these keep their data; any other folder beside it ends them (docker-library/mysql#186, strimzi#1307)."""

_SERVER = re.compile(
    r"(?:^|[;&|\n]|\b(?:exec|then|do)\s|sh\s-\w+\s)\s*(?:[\w./-]*/)?"
    r"(?:docker-entrypoint\.sh|postgres|mysqld(?:_safe)?|mariadbd|mongo[ds]|redis-server|valkey-server|memcached)\b"
)
_CLIENT = re.compile(
    r"(?<![\w-])(?:mysql(?:dump|admin|import)?|mariadb(?:-dump|-admin|-backup)?|pg_\w+|psql|mongo(?:sh|dump|restore|import)?"
    r"|redis-cli|valkey-cli|cqlsh|rabbitmqadmin)(?![\w-])"
)
"""What a command begins with that starts a server of the official images, and the clients that are in them."""


def usual_image(image: str) -> UsualImage | None:
    """Return what is known of an image by the last part of its name: `docker.io/library/redis:8-alpine` is redis."""
    name = re.sub(r"[:@].*", "", image.rpartition("/")[2])
    known = _USUAL.get(name)
    return replace(known or UsualImage(), port=FASTCGI_PORT) if _is_fpm(image) else known


def official_image(image: str) -> UsualImage | None:
    """Return what is known of an image where it is its maker's, and not one of the same name of somebody else."""
    name = re.sub(r"[:@].*", "", image.rpartition("/")[2])
    owner = image.rpartition("/")[0].rpartition("/")[2]
    owner = "library" if owner in {"", "docker.io"} else owner
    known = _USUAL.get(name)
    return known if known is not None and known.owner == owner else None


def settings_of_volume(mount: str, env: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the variables by which an image accepts a new disk at a place, which has a folder lost+found.

    All images that are made from PostgreSQL's keep their data at the same place, or where `env` says, whatever they
    are called; initdb makes a database only in an empty folder (documentation of the official image, PGDATA).
    """
    return {"PGDATA": f"{mount}/pgdata"} if mount == env.get("PGDATA", "/var/lib/postgresql/data") else {}


def folder_on_disk(image: str, mount: str) -> str | None:
    """Return the folder of a new disk to mount where an image keeps its data and suffers no lost+found beside it."""
    name = re.sub(r"[:@].*", "", image.rpartition("/")[2])
    return "data" if official_image(image) is not None and _NO_NEIGHBOURS.get(name) == mount else None


def keeps_data(image: str) -> bool:
    """Whether a well-known image keeps data for others, such as a database, and calls nobody by itself."""
    usual = usual_image(image)
    return usual is not None and usual.port in NOT_HTTP


def usual_user(image: str) -> int | None:
    """Return the user that a well-known image may be started as; None for root, and for an image that nobody knows."""
    known = usual_image(image)
    if known is None:
        return None
    return known.alpine_user if known.alpine_user is not None and "alpine" in image else known.user


def serves_fastcgi(image: str, port: int) -> bool:
    """Whether a port is that of PHP's FastCGI, which a web server speaks: tags of official images say fpm."""
    return port == FASTCGI_PORT and _is_fpm(image)


def _is_fpm(image: str) -> bool:
    return re.search(r"[:-]fpm(?=$|[-:@])", image.rpartition("/")[2]) is not None


def starts_server(words: Sequence[str]) -> bool:
    """Whether a command of an image that keeps data starts its server, and not only a client, such as for a backup."""
    command = " ".join(words)
    return _SERVER.search(command) is not None or _CLIENT.search(command) is None
