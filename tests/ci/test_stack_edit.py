"""The image lines of a stack file."""

from __future__ import annotations

import pytest

from infra.ci.stack_edit import image_of, image_or_none, set_image
from infra.errors import UsageError

DIGEST = "sha256:" + "a" * 64
IMAGE = f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/nightowl-dev/web:tree-{'1' * 40}@{DIGEST}"
TEXT = """\
# A stack.
config:
  nightowl:platform: { kind: eks } # the cloud

  nightowl:apps:
    # Serves.
    web:
      image: ghcr.io/example/web:1.0 # the one that counts
      port: 9898
      sidecars:
        proxy: { image: ghcr.io/example/proxy:2.0 }
      env: { image: not-this }


    worker: { kind: worker, image: 'ghcr.io/example/web:1.0', command: [run] }
    image:
      image: "ghcr.io/example/web:1.0"
"""


def test_only_the_line_of_the_app_changes() -> None:
    edited = set_image(TEXT, "web", IMAGE)

    assert edited == TEXT.replace(
        "image: ghcr.io/example/web:1.0 # the one that counts", f"image: {IMAGE} # the one that counts"
    )
    assert image_of(edited, "web") == IMAGE


@pytest.mark.parametrize("app", ["web", "worker", "image"])
def test_every_way_of_writing_the_line_is_edited(app: str) -> None:
    edited = set_image(TEXT, app, IMAGE)

    assert image_of(edited, app) == IMAGE
    assert {name: image_of(edited, name) for name in ("web", "worker", "image") if name != app} == {
        name: "ghcr.io/example/web:1.0" for name in ("web", "worker", "image") if name != app
    }
    assert edited.count(IMAGE) == 1
    assert len(edited.splitlines()) == len(TEXT.splitlines())


def test_the_same_image_leaves_the_text_as_it_is() -> None:
    assert set_image(TEXT, "web", "ghcr.io/example/web:1.0") == TEXT


def test_windows_lines_stay() -> None:
    edited = set_image(TEXT.replace("\n", "\r\n"), "web", IMAGE)

    assert edited.count("\r\n") == edited.count("\n") == TEXT.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "config:\n  nightowl:apps:\n    web: &web\n      image: &image a/b:1\n    api:\n      image: *image\n",
        "config:\n  nightowl:apps:\n    api: { image: &image a/b:1 }\n    web: { image: *image }\n",
        "shared: &image a/b:1\nconfig:\n  nightowl:apps:\n    web: { image: *image }\n",
    ],
)
def test_an_anchor_or_an_alias_is_refused_instead_of_changing_another_app(text: str) -> None:
    with pytest.raises(UsageError, match=r"web > image cannot be changed .*anchor, an alias.*write it as"):
        set_image(text, "web", IMAGE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "config: {}\n",
        "config:\n  nightowl:apps:\n    api: { image: a/b:1 }\n",
        "config:\n  nightowl:apps:\n    web: { port: 80 }\n",
        "config:\n  nightowl:apps:\n    web: { image: }\n",
        "config:\n  nightowl:apps:\n    base: &base { image: a/b:1 }\n    web: { <<: *base }\n",
    ],
)
def test_a_missing_line_is_not_made_up(text: str) -> None:
    with pytest.raises(UsageError, match="no line nightowl:apps > web > image; write one"):
        set_image(text, "web", IMAGE)
    assert image_or_none(text, "web") is None


@pytest.mark.parametrize("image", ["", "web", "web:latest", "web:1\nports: [80]", "web:1 # comment", "web@sha256:abc"])
def test_what_is_no_fixed_image_is_refused(image: str) -> None:
    with pytest.raises(UsageError, match="image of web: "):
        set_image(TEXT, "web", image)


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(UsageError, match="line 3 is not YAML"):
        set_image("config:\n  a: [\n", "web", IMAGE)
