"""Locks in the state backend of a stack: a bucket in S3, or a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.engine.locks import LockHolder, lock_holder, locks_of_stack
from infra.errors import NightowlError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def read_locks(backend: str, project: str, stack: str) -> tuple[LockHolder, ...]:
    """Who has locked a stack, by the backend's URL (`s3://bucket/prefix?region=...`, `file:///folder`).

    Raises:
        NightowlError: the backend cannot be read.
    """
    url = urlsplit(backend)
    folder = locks_of_stack(project, stack)
    if url.scheme == "s3":
        texts = _objects(backend, folder)
    elif url.scheme == "file":
        texts = (file.read_text() for file in sorted((Path(unquote(url.path)) / folder).glob("*.json")))
    else:
        raise NightowlError(f"{backend} is neither an S3 bucket nor a folder, so its locks cannot be read")
    return tuple(map(lock_holder, texts))


def _objects(backend: str, folder: str) -> Iterator[str]:
    url = urlsplit(backend)
    prefix = "/".join(part for part in (url.path.strip("/"), folder) if part)
    region = parse_qs(url.query).get("region", [None])[0]
    s3: S3Client = cast(Any, boto3).client("s3", region_name=region)
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=url.netloc, Prefix=f"{prefix}/"):
            for item in page.get("Contents", []):
                yield s3.get_object(Bucket=url.netloc, Key=item.get("Key", ""))["Body"].read().decode()
    except (BotoCoreError, ClientError) as error:
        raise NightowlError(f"the locks in {backend} cannot be read: {error}") from error
