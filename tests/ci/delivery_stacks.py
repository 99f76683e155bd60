"""Three environments in one repository, with images of their own, and programs that stand in for docker and skopeo."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.ci.images import ImageStack, image_stack

ACCOUNT = "123456789012"  # moto's own; two of the environments share it, in different regions
PROD_ACCOUNT = "777788889999"
REGIONS = {"dev": "eu-central-1", "staging": "eu-west-1", "prod": "eu-central-1"}
ACCOUNTS = {"dev": ACCOUNT, "staging": ACCOUNT, "prod": PROD_ACCOUNT}
PUBLIC = "ghcr.io/stefanprodan/podinfo:6.15.0@sha256:" + "e" * 64

_HEAD = """\
# The stack {stack}.
config:
  nightowl:platform:
    kind: eks
    region: {region}
    accountId: "{account}" # replace
  nightowl:nodePools:
    system: {{ instanceTypes: [m7g.large], min: 2, max: 3, system: true }}
    apps: {{ instanceTypes: [m7g.large], min: 2, max: 6 }}
{pools}
  nightowl:apps:
"""
_APP = """\
    # {app} answers.
    {app}:
      image: {image} # by digest
{build}      port: 9898
      health: {{ readiness: /readyz, liveness: /healthz }}
      resources: {{ cpu: 100m }}

"""
_DELIVERY = """\
  nightowl:delivery:
    backend: s3://nightowl-state-{account}-{region}?region={region}&awssdk=v2
    github:
      repository: example/nightowl
      repositoryId: "123456789"
      deploy: [repo:example/nightowl:environment:{stack}]
      preview: [repo:example/nightowl:pull_request, repo:example/nightowl:ref:refs/heads/main]
{ephemeral}"""


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


def image(stack: str, app: str, letter: str, tree: str | None = None, *, pull_request: bool = False) -> str:
    """A reference in the registry of a stack; the letter makes the digest, and the tree if there is none."""
    path = f"nightowl-{stack}/{'pr/' if pull_request else ''}{app}"
    host = f"{ACCOUNTS[stack]}.dkr.ecr.{REGIONS[stack]}.amazonaws.com"
    return f"{host}/{path}:tree-{tree or letter * 40}@{digest(letter)}"


def stack_text(
    stack: str,
    images: Mapping[str, str],
    *,
    pools: str = "",
    build: Mapping[str, str] | None = None,
    promotes_from: str | None = None,
    ephemeral: bool = False,
) -> str:
    """A stack file whose apps run `images`. It keeps those of `build`, or all when it promotes."""
    folders = build or ({app: f"apps/{app}" for app in images} if promotes_from else {})
    lines = {app: f"      build: {folder}\n" for app, folder in folders.items()}
    subject = "      ephemeral: [repo:example/nightowl:environment:ephemeral]\n" if ephemeral else ""
    return (
        _HEAD.format(stack=stack, region=REGIONS[stack], account=ACCOUNTS[stack], pools=pools)
        + "".join(_APP.format(app=app, image=one, build=lines.get(app, "")) for app, one in images.items())
        + _DELIVERY.format(stack=stack, account=ACCOUNTS[stack], region=REGIONS[stack], ephemeral=subject)
        + (f"    promotesFrom: {promotes_from}\n" if promotes_from else "")
    )


def path_of(stack: str) -> str:
    return f"stacks/Pulumi.{stack}.yaml"


def read(project: Path, stack: str) -> ImageStack:
    if not (project / "Pulumi.yaml").exists():
        (project / "Pulumi.yaml").write_text("name: nightowl\n")
    return image_stack(project, stack)


_PROGRAM = """\
#!{python}
import json, os, pathlib, sys
told = pathlib.Path(__file__).parent
stdin = sys.stdin.read()
seen = {{}}
for number, word in enumerate(sys.argv):
    path = pathlib.Path(word)
    if word.startswith("/") and path.is_file():
        seen[word] = [path.read_text(), oct(path.stat().st_mode & 0o777), oct(path.parent.stat().st_mode & 0o777)]
    elif word.startswith("/") and path.is_dir():
        seen[word] = {{str(one.relative_to(path)): one.read_text() for one in path.rglob("*") if one.is_file()}}
with (told / "{name}.calls").open("a") as file:
    file.write(json.dumps({{"argv": sys.argv[1:], "stdin": stdin, "seen": seen}}) + "\\n")
rules = json.loads((told / "{name}.rules").read_text())
for words, code, message in rules["fail"]:
    if words in " ".join(sys.argv[1:]):
        print(message, file=sys.stderr)
        sys.exit(code)
if "--metadata-file" in sys.argv and rules["digest"]:
    path = sys.argv[sys.argv.index("--metadata-file") + 1]
    pathlib.Path(path).write_text(json.dumps({{"containerimage.digest": rules["digest"]}}))
"""


@dataclass(frozen=True)
class FakeProgram:
    """A program on PATH that notes its words, its input and the files that it is given."""

    name: str
    folder: Path

    @classmethod
    def install(cls, name: str, folder: Path) -> FakeProgram:
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(_PROGRAM.format(python=sys.executable, name=name))
        path.chmod(0o755)
        program = cls(name, folder)
        program.behave()
        return program

    def behave(self, *, digest: str = "", fail: tuple[tuple[str, int, str], ...] = ()) -> None:
        """Tell `digest` as pushed; fail where the words hold a text, with an exit code and a message."""
        (self.folder / f"{self.name}.rules").write_text(json.dumps({"digest": digest, "fail": fail}))

    @property
    def calls(self) -> list[dict[str, Any]]:
        path = self.folder / f"{self.name}.calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def commands(self) -> list[str]:
        return [" ".join(call["argv"]) for call in self.calls]


def path_with(folder: Path) -> str:
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
