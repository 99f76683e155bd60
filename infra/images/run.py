"""`nightowl image`: looks an image up in its registry, and prints what a stack file needs for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import yaml
from rich.console import Console

from infra.console.printable import printable
from infra.images.credentials import find_credentials
from infra.images.facts import ImageFacts, read_image
from infra.images.reference import ImageName
from infra.images.stack_lines import app_lines, app_name, remarks

WIDEST_LINE = 120


def run_image(
    text: str, *, pools: Sequence[str], environment: Mapping[str, str], as_json: bool, console: Console
) -> None:
    """Print an image's facts and the lines of its app; `pools` are the architectures of nodes that it is to run on.

    Raises:
        UsageError: `text` is no name of an image.
        RegistryError: the image cannot be read.
    """
    name = ImageName.of(text)
    image = read_image(name, find_credentials(name.host, environment))
    lines, notes = {app_name(image): app_lines(image)}, list(remarks(image, pools))
    if as_json:
        console.out(json.dumps({**_facts(image), "apps": lines, "remarks": notes}, indent=2), highlight=False)
        return
    for key, value in _facts(image).items():
        shown = value if isinstance(value, str) else ", ".join(value)
        console.out(f"{key:<17} {printable(shown) or '-'}", highlight=False)
    console.out("", highlight=False)
    console.out(printable(_as_yaml({"apps": lines})), highlight=False)
    for note in notes:
        console.out(f"Note: {printable(note)}.", highlight=False)


def _facts(image: ImageFacts) -> dict[str, str | list[str]]:
    return {
        "image": image.pinned,
        "architectures": list(image.architectures),
        "compressedSize": f"{image.compressed_bytes / 1024**2:.0f} MiB",
        "user": image.user or "root",
        "entrypoint": list(image.entrypoint),
        "command": list(image.command),
        "workingDirectory": image.working_directory,
        "ports": list(image.ports),
        "volumes": list(image.volumes),
    }


def _as_yaml(value: object) -> str:
    return yaml.safe_dump(value, sort_keys=False, default_flow_style=None, width=WIDEST_LINE)
