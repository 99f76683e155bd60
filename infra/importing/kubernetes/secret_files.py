"""Secrets that containers mount as files."""

from __future__ import annotations

from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.mounts import folder_of, mounts_of
from infra.importing.kubernetes.parts import Part
from infra.importing.names import secret_name

_SECRETS = "/run/secrets"


def draft_secret_files(app: App, containers: list[Part]) -> None:
    """Draft the secrets that are mounted, before the texts that may name their paths."""
    for volume in app.workload.spec["volumes"].items():
        sources = [volume["secret"], *(one["secret"] for one in volume.at("projected", "sources").items())]
        for source in (one for one in sources if one.given):
            mounts = [mount for _, mount in mounts_of(containers, volume["name"].text)]
            _secret(app, source, mounts)


def _secret(app: App, source: Part, mounts: list[Part]) -> None:
    name = source["secretName"].text or source["name"].text
    items = {one["key"].text: one["path"].text for one in source["items"].items()}
    keys = items or {key: key for key in app.secret_keys(name)}
    if {"tls.crt", "tls.key"} <= keys.keys() or (_is_tls(app, name) and not items):
        secret = secret_name(name, app.section("secrets"))
        app.section("secrets")[secret] = {"ref": name, "tls": True}
        for mount in mounts:
            folder = folder_of(mount)
            app.moved.update({f"{folder}/{one}": f"/run/tls/{secret}/{one}" for one in ("tls.crt", "tls.key")})
            app.took(mount, "secrets", secret, why=f"the certificate is in /run/tls/{secret} here")
        app.took(source, "secrets", secret)
        return
    wanted = {mount["subPath"].text for mount in mounts if mount["subPath"].text}
    keys = keys or {one: one for one in wanted}
    if not keys:
        what = f"nobody knows the keys of Secret {name}; write each under 'secrets', as {name}/KEY"
        app.missing(source, what)
        for mount in mounts:
            app.missing(mount, what)
        return
    for key, path in keys.items():
        reference = f"{name}/{key}"
        known = [one for one, entry in app.section("secrets").items() if reference == entry]
        secret = known[0] if known else secret_name(key, app.section("secrets"))
        app.section("secrets")[secret] = reference
        for mount in mounts:
            old = folder_of(mount) if mount["subPath"].text else f"{folder_of(mount)}/{path}"
            new = f"{_SECRETS}/{secret}"
            if mount["subPath"].text in {"", path} and old != new:
                app.moved[old] = new
            where = f"it is the file {new} here, and not {old}; commands and variables that name it are changed"
            app.took(mount, "secrets", secret, why=where)
        app.took(source, "secrets", secret)


def _is_tls(app: App, name: str) -> bool:
    found = app.find("Secret", name)
    return found is not None and found.part["type"].text == "kubernetes.io/tls"
