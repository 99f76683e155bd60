"""The commands of the documentation: asked of the real Pulumi CLI, and the shell blocks run as they are written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from infra.local.paths import KUBE_CONTEXT
from infra.toolchain.resolve import resolve_pulumi
from tests.e2e.conftest import CLUSTER, REPOSITORY, Cluster
from tests.e2e.delivery import make_checkout
from tests.language_host import language_host
from tests.test_docs import named

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def pulumi() -> Path:
    return resolve_pulumi(lambda _: None)


@pytest.mark.parametrize("command", list(named(r"pulumi [a-z]")))
def test_a_pulumi_command_in_the_documentation_is_one_that_the_cli_takes(command: str, pulumi: Path) -> None:
    words = shlex.split(re.sub(r"\$\([^)]*\)", "VALUE", command))[1:]
    help_text = subprocess.run(
        [str(pulumi), *_subcommand(words), "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in (word.split("=")[0] for word in words if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){re.escape(option)}\b", help_text), f"{option} is no option of it"


def _subcommand(words: list[str]) -> list[str]:
    """The words before the first argument: `stack init` of `stack init dev`."""
    groups = {"stack", "config", "plugin", "policy", "state"}
    return words[:2] if words[0] in groups and not words[1].startswith("-") else words[:1]


WALKED = ("README.md", "docs/local.md", "docs/existing-cluster.md")
OWN = "this cluster has the namespace already; test_existing_namespace.py does it in one of its own"
IMPORTED = "test_import_compose.py does it"
ELSEWHERE = {
    "make install": "has run, or this suite would not",
    "make up": "needs the whole checkout; the fixture of this suite runs the command behind it",
    ".venv/bin/nightowl local load web --cpu 20 --for 3m": "takes three minutes; test_autoscaling.py does it for 45 s",
    ".venv/bin/nightowl import compose examples/compose/compose.yaml": IMPORTED,
    ".venv/bin/nightowl local up --stack ballots": IMPORTED,
    "pulumi up -s dev": "needs an AWS account",
    ".venv/bin/nightowl github --reviewer YOUR-LOGIN": "needs a repository on GitHub",
    ".venv/bin/nightowl bootstrap -s dev": "needs an AWS account",
    "pulumi preview --policy-pack policies --policy-pack-config policies/prod.json": "needs the stack prod",
    "kubectl --context kind-kind create namespace apps": OWN,
    'kubectl --context kind-kind -n apps create secret generic web --from-literal=key="$(openssl rand -hex 32)"': OWN,
}
"""Lines of shell blocks that cannot run here, and why."""


def shell_blocks() -> list[tuple[str, str]]:
    """The shell blocks of the pages that somebody walks on a laptop, with their page, in the order of the pages."""
    found: list[tuple[str, str]] = []
    for page in WALKED:
        text = (REPOSITORY / page).read_text()
        for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, flags=re.M | re.S):
            lines = [re.sub(r"\s+#\s.*", "", line.strip()) for line in block.splitlines()]
            found.append((page, "\n".join(line for line in lines if line and line not in ELSEWHERE)))
    return [(page, block) for page, block in found if block]


def test_no_line_is_excused_that_the_pages_do_not_have() -> None:
    text = "\n".join((REPOSITORY / page).read_text() for page in WALKED)
    assert [line for line in ELSEWHERE if line not in text] == []


@pytest.fixture(scope="module")
def laptop(cluster: Cluster, pulumi: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A checkout and a home, with the stock command, its language host and the provider that `up` has used on PATH."""
    home = tmp_path_factory.mktemp("laptop")
    paths = cluster.machine.paths(CLUSTER)
    checkout = make_checkout(home / "checkout", paths)
    for name in ("infra", "policies", "pyproject.toml", "uv.lock", "README.md", ".venv"):
        target = checkout / name
        if target.is_dir():
            target.rmdir()
        target.symlink_to(REPOSITORY / name)
    for file in (REPOSITORY / "stacks").iterdir():
        (checkout / "stacks" / file.name).write_bytes(file.read_bytes())
    page = (REPOSITORY / "docs/existing-cluster.md").read_text()
    stack = re.search(r"^ *```yaml\n(.*?)^ *```", page, flags=re.M | re.S)
    assert stack is not None
    written = yaml.safe_load(textwrap.dedent(stack.group(1)))
    written["config"]["nightowl:platform"].update(context=KUBE_CONTEXT, kubeconfig=str(paths.kubeconfig))
    written["config"]["nightowl:namespace"] = {"name": "laptop"}
    (checkout / "stacks" / "Pulumi.laptop.yaml").write_text(yaml.safe_dump(written))
    on_path = [str(language_host(home / "host")), str(pulumi.parent), str(REPOSITORY / ".venv" / "bin")]
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")},
        "HOME": str(home),
        "XDG_STATE_HOME": cluster.machine.environment["XDG_STATE_HOME"],
        "PATH": os.pathsep.join([*on_path, os.environ["PATH"]]),
        "PULUMI_SKIP_CONFIRMATIONS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    made = Laptop(checkout=checkout, environment=environment)
    yield made
    blocks = [block for page, block in shell_blocks() if page == "docs/existing-cluster.md"]
    made.run([blocks[0], "pulumi destroy --yes -s laptop"])


@dataclass(frozen=True)
class Laptop:
    """Where the blocks are run."""

    checkout: Path
    environment: dict[str, str]

    def run(self, blocks: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run blocks in one shell, each line as written; the cluster is that of the suite and not the default one."""
        of_the_suite = f'nightowl() {{ command nightowl "$@" --name {CLUSTER}; }}'
        script = "\n".join(["set -e", of_the_suite, *blocks])
        return subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", WALKED)
def test_the_shell_blocks_of_a_page_run_as_written(page: str, laptop: Laptop) -> None:
    done = laptop.run([block for found, block in shell_blocks() if found == page])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)
def test_a_context_that_does_not_exist_is_refused_at_preview(laptop: Laptop) -> None:
    file = laptop.checkout / "stacks" / "Pulumi.laptop.yaml"
    before = file.read_text()
    file.write_text(before.replace(f"context: {KUBE_CONTEXT}", "context: kind-typo"))
    blocks = [block for page, block in shell_blocks() if page == "docs/existing-cluster.md"]
    try:
        done = laptop.run([blocks[0], "pulumi stack select laptop", "pulumi preview -s laptop"])
    finally:
        file.write_text(before)
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "nightowl:platform.context: 'kind-typo' is not a context of" in told
    assert f"which has {KUBE_CONTEXT}" in told
