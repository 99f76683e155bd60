"""Small Compose projects, one for each rule of the specification, that Nightowl and compose-go have to read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent


@dataclass(frozen=True, kw_only=True)
class Case:
    """Files by name, those that the command names, and the variables of the shell."""

    files: Mapping[str, str]
    named: Sequence[str] = ("compose.yaml",)
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def write(self, folder: Path) -> list[Path]:
        """Write the files into a folder, and return those that the command names."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return [folder / name for name in self.named]


def _one(text: str, environment: Mapping[str, str] | None = None, dotenv: str = "") -> Case:
    files = {"compose.yaml": text} | ({".env": dotenv} if dotenv else {})
    return Case(files=files, environment=environment or {})


def _two(base: str, over: str, environment: Mapping[str, str] | None = None) -> Case:
    return Case(files={"a.yaml": base, "b.yaml": over}, named=("a.yaml", "b.yaml"), environment=environment or {})


CASES: Mapping[str, Case] = {
    "anchors and merge keys": _one("""
        name: anchors
        x-common: &common
          image: "a:1"
          environment: &variables {A: "1", B: "2"}
        x-more: &more {image: "b:1", labels: {l: m}}
        services:
          one: {<<: *common}
          two:
            <<: [*common, *more]
            environment: {<<: *variables, B: "3"}
        """),
    "values of YAML": _one("""
        name: values
        services:
          web:
            image: a:1
            ports: [22:22, "80:80", 8080]
            environment: {OCTAL: 0440, YES: "on", SWITCH: on, FLOAT: 1.50, ONE: 1.0, BOOL: true, TIME: 12:30:45}
            labels: {zero: 022}
        """),
    "several documents in one file": _one("""
        name: documents
        services: {web: {image: "a:1", environment: {A: "1"}}}
        ---
        services: {web: {environment: {B: "2"}}}
        """),
    "variables": _one(
        """
        name: variables
        services:
          web:
            image: a:${TAG:-1}
            environment:
              PLAIN: $SET-$UNSET
              BRACED: "${SET}x${UNSET}"
              DEFAULT: ${UNSET:-d} ${EMPTY:-e} ${SET:-f}
              DEFAULT_UNSET: ${UNSET-d}|${EMPTY-e}|${SET-f}
              ALTERNATIVE: ${UNSET:+d}|${EMPTY:+e}|${SET:+f}
              ALTERNATIVE_SET: ${UNSET+d}|${EMPTY+e}|${SET+f}
              REQUIRED: ${SET:?no}|${EMPTY?no}
              NESTED: ${UNSET:-${EMPTY:-${SET}}}/${UNSET:-a-$SET-${UNSET2:-b}}
              ESCAPED: $$SET $${SET} $$$SET
              LITERAL: a$ $1 $- 5$
              JSON: '${UNSET:-{"a": {"b": 1}}}'
              BRACE: "${UNSET:-a}b} ${SET:-{}c"
              LOWER: ${lower_1}
              DASHES: ${UNSET:-a:-b:?c}
            labels: ["$SET=${SET}"]
            command: echo $SET
        """,
        {"SET": "s", "EMPTY": "", "lower_1": "low"},
    ),
    "variables that are numbers": _one(
        """
        name: types
        services:
          web:
            image: a:1
            deploy: {replicas: "${N}"}
            read_only: ${YES}
            ports: [{target: "${P}", published: "${P}"}]
        """,
        {"N": "3", "YES": "yes", "P": "81"},
    ),
    "a file of variables": _one(
        """
        services:
          web:
            image: a:1
            environment:
              - A=${A}
              - B=${B}
              - C=${C}
              - D=${D}
              - E=${E}
              - F=${F}
              - G=${G}
              - H=${H}
              - I=${I}
              - J=${J}
              - K=${K}
              - L
              - NOWHERE
        """,
        {"SHELL_ONE": "shell", "J": "from-shell"},
        r"""
            COMPOSE_PROJECT_NAME=from-dotenv
            # a comment
            A=plain value # and a comment
            export B="double $A \"quoted\" \$A \t tab \\ back"
            C='single $A \n'
            D: yaml
            E=
            F=a#b
              G = spaces
            H="two
            lines" # comment
            SHELL_ONE
            I=${SHELL_ONE}-${NONE:-default}
            J=from-file
            K=\$A\n$$A
            L=listed
            """,
    ),
    "mappings and lists": _two(
        """
        name: lists
        services:
          web:
            image: a:1
            command: [echo, a]
            entrypoint: /a
            healthcheck: {test: [CMD, a], interval: 5s}
            environment: {A: "1", B: "2"}
            labels: [a=1, b=2]
            dns: 1.1.1.1
            cap_add: [CHOWN, KILL]
            expose: ["80"]
            tmpfs: /tmp
            extra_hosts: ["a:1.1.1.1"]
            networks: [front]
            depends_on: [db]
            build: .
            profiles: []
            deploy: {replicas: 2, labels: {a: b}, resources: {limits: {cpus: "1", memory: 1G}}}
            logging: {driver: a, options: {x: "1"}}
            ulimits: {nofile: 1}
          db: {image: "db:1"}
          other: {image: "o:1"}
        networks: {front: {}, back: {}}
        """,
        """
        services:
          web:
            image: b:1
            command: echo b
            entrypoint: ["/b"]
            healthcheck: {test: b, retries: 3}
            environment: [B=3, C=4, D]
            labels: {b: "3"}
            dns: [8.8.8.8]
            cap_add: [KILL, CHOWN, SETUID]
            expose: ["81"]
            tmpfs: [/run]
            extra_hosts: {b: 2.2.2.2}
            networks: {back: {aliases: [x]}}
            depends_on: {other: {condition: service_healthy}}
            build: {dockerfile: D, args: {A: "1"}}
            deploy: {replicas: 3, labels: [c=d], resources: {limits: {memory: 2G}}}
            logging: {driver: b}
            ulimits: {nofile: {soft: 1, hard: 2}}
        """,
        {"D": "from-shell"},
    ),
    "unique items": Case(
        files={
            "a.yaml": """
            name: unique
            services:
              web:
                image: a:1
                ports: ["80:80", "127.0.0.1:81:81", "53:53/udp", {target: 90, published: "90"}, "82"]
                volumes: ["data:/data", "./a:/a:ro", {type: volume, source: data, target: /long}]
                secrets: [one, {source: two, target: /x}]
                configs: [c, {source: d, target: /d}]
                devices: ["/dev/a:/dev/x"]
                env_file: [a.env]
            volumes: {data: {}, more: {}}
            secrets: {one: {external: true}, two: {external: true}}
            configs: {c: {external: true}, d: {external: true}}
            """,
            "b.yaml": """
            services:
              web:
                ports: ["80:80/tcp", "0.0.0.0:90:90", "127.0.0.1:81:82", "53:53", "[::1]:99:99"]
                volumes: ["more:/data:ro", "more:/long", "more:/new"]
                secrets: [two, {source: two, target: /x, mode: 0440}]
                configs: [{source: d, target: /c}, c]
                devices: ["/dev/b:/dev/x"]
                env_file: [{path: b.env, required: false}]
            """,
            "a.env": "A=1\n",
        },
        named=("a.yaml", "b.yaml"),
    ),
    "reset in a mapping that is extended": _one("""
        name: tags
        services:
          base: {image: "a:1", environment: {A: "1", B: "2"}, healthcheck: {test: a, retries: 3}}
          leaf: {extends: base, environment: {A: !reset null}, healthcheck: {retries: !reset null}}
        """),
    "reset and override": _two(
        """
        name: tags
        services:
          web:
            image: a:1
            ports: ["80:80"]
            environment: {A: "1", B: "2"}
            volumes: ["data:/data"]
            command: [a]
            build: {context: ., args: {A: "1"}}
          gone: {image: "b:1"}
        volumes: {data: {}}
        """,
        """
        services:
          web:
            ports: !override ["443:443"]
            environment: {A: !reset null}
            volumes: !reset []
            command: !reset null
            build: !override {context: ./b}
          gone: !reset null
          never: {image: "c:1", ports: !reset [], environment: !override {A: "1"}}
        """,
    ),
    "extends": Case(
        files={
            "compose.yaml": """
            name: extends
            services:
              base: {image: "base:1", ports: ["80:80"], environment: {A: "1", B: "2"}, command: [base], labels: [a=b]}
              middle: {extends: base, environment: [B=3], ports: ["81:81"]}
              leaf: {extends: {service: middle}, command: leaf, ports: !reset [], labels: !reset []}
              other: {extends: {file: sub/common.yaml, service: far}, environment: {B: "2"}}
            """,
            "sub/common.yaml": """
            services:
              near: {image: "near:1", build: ., volumes: ["./data:/data", "named:/n"], env_file: near.env}
              far: {extends: near, environment: {A: "1"}, ports: !reset []}
            volumes: {named: {}}
            """,
            "sub/near.env": "N=near\nB=file\n",
            "over.yaml": "services: {middle: {environment: {C: '5'}}, base: {labels: [z=1]}}\nvolumes: {named: {}}",
        },
        named=("compose.yaml", "over.yaml"),
    ),
    "extends through several folders": Case(
        files={
            "compose.yaml": "name: deep\nservices: {web: {extends: {file: a/a.yaml, service: a}}}",
            "a/a.yaml": "services: {a: {extends: {file: b/b.yaml, service: b}, volumes: ['./a:/a']}}",
            "a/b/b.yaml": "services: {b: {image: 'b:1', build: {context: .}, volumes: ['../b:/b']}}",
        }
    ),
    "include": Case(
        files={
            "compose.yaml": """
            name: including
            include:
              - one/compose.yaml
              - path: [two/a.yaml, two/b.yaml]
                project_directory: two/project
                env_file: two/two.env
            services:
              web: {image: "web:${V:-none}", depends_on: [one], volumes: ["./w:/w"], environment: {V: "${V-none}"}}
              one: {environment: {OWN: "1"}}
            """,
            "one/compose.yaml": """
            include: [deeper/compose.yaml]
            services:
              one:
                image: "one:${V}"
                build: .
                volumes: ["./d:/d"]
                environment: {V: "${V}", W: "${W}"}
                env_file: o.env
            secrets: {s: {file: ./s.txt}}
            """,
            "one/.env": "V=from-one\nW=${SHELL_VALUE}\n",
            "one/o.env": "FILE=one\n",
            "one/deeper/compose.yaml": "services: {deep: {image: 'deep:${V}', volumes: ['../x:/x']}}",
            "two/a.yaml": "services: {two: {image: 'two:${V}', ports: ['80:80'], volumes: ['./p:/p']}}",
            "two/b.yaml": "services: {two: {ports: ['81:81']}}",
            "two/two.env": "V=from-two\n",
            "two/project/x": "",
        },
        environment={"SHELL_VALUE": "shell"},
    ),
    "files of variables of a service": Case(
        files={
            "compose.yaml": """
            name: env-files
            services:
              web:
                image: a:1
                env_file: [a.env, {path: b.env, required: true}, {path: none.env, required: false}]
                environment: {OWN: own, FROM_SHELL: , NOWHERE: , B: mine}
            """,
            "a.env": 'A=a\nB=a\nC=${A}-${OWN}-${FROM_SHELL}-${X:-x}\nFROM_SHELL2\nQ="a b" # c\n',
            "b.env": "A=b\nD=${A}\nE=$C\n",
        },
        environment={"FROM_SHELL": "shell", "FROM_SHELL2": "shell2"},
    ),
    "profiles": _one(
        """
        name: profiles
        services:
          always: {image: "a:1"}
          dev: {image: "a:1", profiles: [dev]}
          both: {image: "a:1", profiles: [dev, test], depends_on: [dev]}
          debug: {image: "a:1", profiles: [debug]}
        """,
        {"COMPOSE_PROFILES": "dev, other"},
    ),
    "all profiles": _one(
        "name: all\nservices: {always: {image: 'a:1'}, dev: {image: 'a:1', profiles: [dev]}}", {"COMPOSE_PROFILES": "*"}
    ),
    "no profile": _one("name: none\nservices: {always: {image: 'a:1'}, dev: {image: 'a:1', profiles: [dev]}}"),
    "the name of the project": _one("name: My_Project\nservices: {web: {image: 'a:1'}}"),
    "the name from a variable": _one("name: ${WHO}-app\nservices: {web: {image: 'a:1'}}", {"WHO": "x"}),
}
"""By what they hold the reading to."""

REFUSED: Mapping[str, Case] = {
    "a required variable": _one("name: a\nservices: {web: {image: 'a:${TAG:?which}'}}"),
    "an invalid variable": _one("name: a\nservices: {web: {image: 'a:${TAG'}}"),
    "a variable with a slash": _one("name: a\nservices: {web: {image: 'a:${TAG/a/b}'}}"),
    "a service that extends itself": _one("name: a\nservices: {a: {extends: b}, b: {extends: a}}"),
    "an unknown service to extend": _one("name: a\nservices: {a: {extends: b}}"),
    "a file that includes itself": Case(
        files={"compose.yaml": "name: a\ninclude: [b.yaml]", "b.yaml": "include: [compose.yaml]"}
    ),
    "a key twice": _one("name: a\nservices: {web: {image: 'a:1', image: 'b:1'}}"),
    "a list over a mapping": _two(
        "name: a\nservices: {web: {image: 'a:1', healthcheck: {test: a}}}", "services: {web: {healthcheck: [a]}}"
    ),
    "a service that waits for an inactive one": _one(
        "name: a\nservices: {web: {image: 'a:1', depends_on: [db]}, db: {image: 'a:1', profiles: [x]}}"
    ),
    "a service that waits for none": _one("name: a\nservices: {web: {image: 'a:1', depends_on: [db]}}"),
    "quotes that do not end": _one("name: a\nservices: {web: {image: 'a:1'}}", dotenv="A='x\n"),
    "a network that nobody defines": _one("name: a\nservices: {web: {image: 'a:1', networks: [x]}}"),
    "a volume that nobody defines": _one("name: a\nservices: {web: {image: 'a:1', volumes: ['data:/x']}}"),
    "a secret that nobody defines": _one("name: a\nservices: {web: {image: 'a:1', secrets: [x]}}"),
    "a link to an inactive service": _one(
        "name: a\nservices: {web: {image: 'a:1', links: ['db:x']}, db: {image: 'a:1', profiles: [x]}}"
    ),
    "a number that is none": _one("name: a\nservices: {web: {image: 'a:1', scale: '${X:-many}'}}"),
}
"""What compose-go refuses as well."""
