"""`nightowl image -s STACK`: whether every image of a stack is there, and for the processors of its nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from infra.console.printable import printable
from infra.images.credentials import find_credentials
from infra.images.facts import ImageFacts, read_image
from infra.images.reference import ImageName
from infra.images.registry import RegistryError
from infra.images.stack_lines import missing_architectures
from infra.settings.eks.placement import takers
from infra.settings.stack import StackSettings
from infra.settings.stack_file import settings_from_stack_file

READERS = 8
"""Images that are read at once; registries answer slowly rather than little."""


@dataclass(frozen=True, kw_only=True)
class _Use:
    key: str
    image: str
    pools: tuple[str, ...]
    """Architectures of the nodes that may run it; none where they are not known."""


def check_stack(stack: Path, *, environment: Mapping[str, str], as_json: bool, console: Console) -> bool:
    """Print each image of a stack file, and what is wrong with it; return whether nothing is.

    Raises:
        SettingsError: the stack file is not usable.
    """
    uses = list(_uses(settings_from_stack_file(stack)))
    images = sorted({use.image for use in uses})
    with ThreadPoolExecutor(READERS) as pool:
        found = dict(zip(images, pool.map(partial(_read, environment=environment), images), strict=True))
    rows = [_row(use, found[use.image]) for use in uses]
    if as_json:
        console.out(json.dumps(rows, indent=2), highlight=False)
    else:
        for row in rows:
            line = f"{row['key']}: {row['image']}: {row['problem'] or row['architectures']}"
            console.out(printable(line), highlight=False)
    return all(not row["problem"] for row in rows)


def _uses(settings: StackSettings) -> Iterator[_Use]:
    for app, of in settings.apps.items():
        pools = tuple(sorted({pool.architecture for pool in takers(settings.node_pools, of).values()}))
        yield _Use(key=f"nightowl:apps.{app}.image", image=of.image, pools=pools)
        for section, name, helper in of.helpers:
            if helper.image is not None:
                yield _Use(key=f"nightowl:apps.{app}.{section}.{name}.image", image=helper.image, pools=pools)


def _read(image: str, *, environment: Mapping[str, str]) -> ImageFacts | RegistryError:
    name = ImageName.of(image)
    try:
        return read_image(name, find_credentials(name.host, environment))
    except RegistryError as error:
        return error


def _row(use: _Use, found: ImageFacts | RegistryError) -> dict[str, str]:
    if isinstance(found, RegistryError):
        architectures, problem = "", str(found)
    else:
        architectures, problem = ", ".join(found.architectures), "; ".join(missing_architectures(found, use.pools))
    return {"key": use.key, "image": use.image, "architectures": architectures, "problem": problem}
