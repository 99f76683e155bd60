"""Manifests and configurations of images, read from their registry.

The protocol is that of the OCI distribution specification 1.1; tokens are asked for as Docker does ("Token
authentication specification" of the distribution project).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import urljoin, urlsplit

import requests

from infra.errors import NightowlError
from infra.images.credentials import Credentials
from infra.images.reference import DOCKER_HUB, ImageName

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LARGEST_DOCUMENT_BYTES = 4 * 1024**2
"""The distribution specification asks registries to take manifests of 4 MB; none of an image comes near."""
TIMEOUT_SECONDS = (5, 15)
"""To connect, and to wait for each part of an answer."""
MOST_REDIRECTS = 5
_CHUNK_BYTES = 64 * 1024


class RegistryError(NightowlError):
    """A registry cannot be reached, refuses, or has no such image."""


@dataclass(frozen=True)
class _Answer:
    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes


class Registry:
    """The registry of one image, asked over one connection. Every method raises RegistryError."""

    def __init__(self, image: ImageName, credentials: Credentials | None) -> None:
        self._image, self._credentials = image, credentials
        self._session = requests.Session()
        self._session.max_redirects = MOST_REDIRECTS
        self._authorization: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def manifest(self, version: str) -> tuple[str, Mapping[str, Any]]:
        """Return the digest and the content of a manifest or an index, by tag or digest."""
        content = self._get(f"manifests/{version}", ", ".join([*INDEX_TYPES, *MANIFEST_TYPES]), version)
        return _digest(content), self._document(content)

    def document(self, digest: str) -> Mapping[str, Any]:
        """Return what is stored under a digest, such as the configuration of an image."""
        return self._document(self._get(f"blobs/{digest}", "*/*", digest))

    def _get(self, path: str, accept: str, version: str) -> bytes:
        url = f"{self._image.address}/v2/{self._image.repository}/{path}"
        response = self._ask(url, {"Accept": accept, **self._authorization})
        if response.status == requests.codes.unauthorized and not self._authorization:
            self._authorization = self._authorize(response.headers.get("WWW-Authenticate", ""))
            response = self._ask(url, {"Accept": accept, **self._authorization})
        if response.status != requests.codes.ok:
            raise self._refusal(response)
        content = response.content
        if version.startswith("sha256:") and _digest(content) != version:
            raise RegistryError(f"{self._image.host} sent other content than {version}; ask again, or another registry")
        return content

    def _ask(self, url: str, headers: Mapping[str, str], data: Mapping[str, str] | None = None) -> _Answer:
        """Send one request. Redirects to another host take no authorization along (`requests`)."""
        try:
            with self._session.request(
                "GET" if data is None else "POST",
                url,
                headers=headers,
                data=data,
                timeout=TIMEOUT_SECONDS,
                stream=True,
                auth=_no_netrc,
            ) as response:
                content = self._content(response)
                return _Answer(response.status_code, response.reason, response.headers, content)
        except requests.RequestException as error:
            raise self._unreachable(url, error) from None

    def _authorize(self, challenge: str) -> dict[str, str]:
        """Answer a registry that asks who is there: with a token for this repository, or with user and password."""
        scheme, _, rest = challenge.partition(" ")
        known = self._credentials
        if scheme.lower() == "basic":
            if known is None or not known.user:
                raise RegistryError(self._log_in("wants a user and a password"))
            return {"Authorization": _basic(known)}
        parameters = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        realm = urljoin(self._image.address, parameters.get("realm", ""))
        if scheme.lower() != "bearer" or not _is_trusted(realm, self._image):
            raise RegistryError(f"{self._image.host} refuses, and does not say how to log in there")
        scope = parameters.get("scope") or f"repository:{self._image.repository}:pull"
        wanted = {"service": parameters.get("service", ""), "scope": scope}
        if known is not None and known.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": known.identity_token, "client_id": "nightowl"}
            response = self._ask(realm, {}, form | wanted)
        else:
            query = requests.Request("GET", realm, params=wanted).prepare().url or realm
            response = self._ask(query, {} if known is None else {"Authorization": _basic(known)})
        if response.status != requests.codes.ok:
            raise self._refusal(response)
        answer = self._document(response.content)
        return {"Authorization": f"Bearer {answer.get('token') or answer.get('access_token') or ''}"}

    def _content(self, response: requests.Response) -> bytes:
        content = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            content += chunk
            if len(content) > LARGEST_DOCUMENT_BYTES:
                raise RegistryError(f"{self._image} is not an image: {self._image.host} answers with too much")
        return bytes(content)

    def _document(self, content: bytes) -> Mapping[str, Any]:
        try:
            document: object = json.loads(content)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, Mapping):
            raise RegistryError(f"{self._image.host} does not answer as a registry does; correct the name of the image")
        return cast("Mapping[str, Any]", document)

    def _refusal(self, response: _Answer) -> RegistryError:
        image, status = self._image, response.status
        if status == requests.codes.not_found:
            return RegistryError(f"{image} is not there; correct the name or the tag")
        if status in {requests.codes.unauthorized, requests.codes.forbidden}:
            return RegistryError(self._log_in("has no such image, or it is private"))
        if status == requests.codes.too_many_requests:
            wait = response.headers.get("Retry-After", "")
            when = f"in {wait} seconds" if wait.isdecimal() else "later"
            remedy = "" if self._credentials is not None else f", or {_login(image)} for a higher limit"
            return RegistryError(f"{image.host} has answered too often; try again {when}{remedy}")
        return RegistryError(f"{image.host} answers {status} {response.reason}; try again later")

    def _log_in(self, problem: str) -> str:
        how = "with an account that may read it" if self._credentials is not None else "first"
        return f"{self._image.host} {problem}: {self._image}; correct the name, or {_login(self._image)} {how}"

    def _unreachable(self, url: str, error: requests.RequestException) -> RegistryError:
        host = urlsplit(url).netloc
        if isinstance(error, requests.exceptions.SSLError):
            return RegistryError(
                f"{host} has no certificate that this machine trusts; set REQUESTS_CA_BUNDLE to its CA"
            )
        if isinstance(error, requests.TooManyRedirects):
            return RegistryError(f"{host} only leads on to other addresses; correct the name of the image")
        why = "does not answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
        return RegistryError(f"{host} {why}; check the network, HTTPS_PROXY and the name of the image")


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request as it is: without an `auth`, `requests` would send a password of ~/.netrc."""
    return request


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.user}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _login(image: ImageName) -> str:
    return "`docker login`" if image.host == DOCKER_HUB else f"`docker login {image.host}`"


def _is_trusted(realm: str, image: ImageName) -> bool:
    """Whether credentials may be sent there: encrypted, or to this machine for a registry of this machine."""
    return realm.startswith("https://") or (image.is_local and urlsplit(realm).hostname in {"localhost", "127.0.0.1"})
