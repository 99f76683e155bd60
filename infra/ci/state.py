"""The state backend of a stack, a bucket in S3 or a folder, read and written without the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from infra.aws import aws_errors, client
from infra.engine.locks import LockHolder, lock_holder, locks_of_stack
from infra.errors import NightowlError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LONGEST_FILE_BYTES = 64 * 2**20
"""A state of a hundred apps has 4 MiB."""


@dataclass(frozen=True)
class FolderBackend:
    """A folder of this machine. Files have keys such as `.pulumi/stacks/nightowl/dev.json`."""

    url: str
    root: Path

    def list(self, prefix: str) -> Mapping[str, datetime]:
        """Return the keys that begin with `prefix`, and when each was written (UTC), which no writer can forge."""
        found = sorted(path for path in (self.root / prefix).parent.rglob("*") if path.is_file())
        times = {path.relative_to(self.root).as_posix(): path.stat().st_mtime for path in found}
        return {key: datetime.fromtimestamp(time, UTC) for key, time in times.items() if key.startswith(prefix)}

    def read(self, key: str) -> bytes:
        """Return the content of a file of at most LONGEST_FILE_BYTES."""
        try:
            with (self.root / key).open("rb") as file:
                return _bounded(file.read(LONGEST_FILE_BYTES + 1), key, self.url)
        except OSError as error:
            raise NightowlError(f"{key} in {self.url} cannot be read: {error.strerror}") from None

    def write(self, key: str, data: bytes) -> None:
        """Write a file whole."""
        try:
            (self.root / key).parent.mkdir(parents=True, exist_ok=True)
            (self.root / key).write_bytes(data)
        except OSError as error:
            raise NightowlError(f"{key} in {self.url} cannot be written: {error.strerror}") from None

    def delete(self, key: str) -> None:
        """Delete a file, where there is one."""
        (self.root / key).unlink(missing_ok=True)


@dataclass(frozen=True)
class BucketBackend:
    """A bucket in S3, or what is below a prefix in it."""

    url: str
    bucket: str
    prefix: str
    region: str | None

    def list(self, prefix: str) -> Mapping[str, datetime]:
        """Return the keys that begin with `prefix`, and when each was written (UTC), which no writer can forge."""
        cut = len(self._key(""))
        with aws_errors(f"list the files in {self.url}", "s3:ListBucket"):
            pages = self._s3().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._key(prefix))
            return {
                item["Key"][cut:]: item["LastModified"].astimezone(UTC)
                for page in pages
                for item in page.get("Contents", [])
                if "Key" in item and "LastModified" in item
            }

    def read(self, key: str) -> bytes:
        """Return the content of a file of at most LONGEST_FILE_BYTES."""
        with aws_errors(f"read {key} in {self.url}", "s3:GetObject"):
            body = self._s3().get_object(Bucket=self.bucket, Key=self._key(key))["Body"]
            return _bounded(body.read(LONGEST_FILE_BYTES + 1), key, self.url)

    def write(self, key: str, data: bytes) -> None:
        """Write a file whole."""
        with aws_errors(f"write {key} in {self.url}", "s3:PutObject"):
            self._s3().put_object(Bucket=self.bucket, Key=self._key(key), Body=data)

    def delete(self, key: str) -> None:
        """Delete a file, where there is one."""
        with aws_errors(f"delete {key} in {self.url}", "s3:DeleteObject"):
            self._s3().delete_object(Bucket=self.bucket, Key=self._key(key))

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def _s3(self) -> S3Client:
        return client("s3", self.region)


Backend = FolderBackend | BucketBackend
"""The two that Nightowl supports. Every method raises NightowlError."""


def open_backend(url: str) -> Backend:
    """Open the backend of an URL as Pulumi writes it: `s3://bucket/prefix?region=...` or `file:///folder`.

    Raises:
        NightowlError: it is neither.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        region = parse_qs(parts.query).get("region", [None])[0]
        return BucketBackend(url=url, bucket=parts.netloc, prefix=parts.path.strip("/"), region=region)
    if parts.scheme == "file":
        return FolderBackend(url=url, root=Path(unquote(parts.path)))
    raise NightowlError(f"{url} is neither an S3 bucket nor a folder, so its files cannot be read")


def _bounded(data: bytes, key: str, url: str) -> bytes:
    if len(data) > LONGEST_FILE_BYTES:
        raise NightowlError(f"{key} in {url} is larger than {LONGEST_FILE_BYTES // 2**20} MiB, which no state is")
    return data


def read_locks(url: str, project: str, stack: str) -> tuple[LockHolder, ...]:
    """Read who has locked a stack, in the backend of an URL.

    Raises:
        NightowlError: the backend cannot be read.
    """
    backend = open_backend(url)
    keys = [key for key in backend.list(f"{locks_of_stack(project, stack)}/") if key.endswith(".json")]
    return tuple(lock_holder(backend.read(key).decode(errors="replace")) for key in keys)
