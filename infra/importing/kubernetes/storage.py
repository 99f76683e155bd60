"""Volumes of pods: files of ConfigMaps, scratch space and data that stays."""

from __future__ import annotations

from typing import Any

from infra.importing.app_parts import USUAL_SIZE
from infra.importing.kubernetes import quantities
from infra.importing.kubernetes.app import App
from infra.importing.kubernetes.mounts import Mounted, draft_mounts, folder_of, mounts_of
from infra.importing.kubernetes.parts import Object, Part
from infra.importing.names import own_name
from infra.secret_texts.texts import in_file

_SHARED_MEMORY = "/dev/shm"  # noqa: S108
_RUN = ("/run", "/var/run", "/var/lock")
_NOT_LIMITED = f"it had no limit; a pod that fills it beyond {USUAL_SIZE} is evicted"
_NEW_CLAIM = "the claim is a new one of the stack, and empty: copy the data over, or name the old claim as 'claim'"
_SHARED_MODES = {"ReadWriteMany", "ReadOnlyMany"}
_HOST_PATH = (
    "no Pod Security Standard that a namespace enforces here allows a folder of the node; use a volume, or install "
    "what needs the node beside the stack"
)


def draft_volumes(app: App, containers: list[tuple[Part, tuple[str, ...]]]) -> None:
    """Draft what containers mount; each comes with its place below the app, and the app's own is the first."""
    parts = [one for one, _ in containers]
    for volume in app.workload.spec["volumes"].items():
        mounts = list(mounts_of(parts, volume["name"].text))
        if not mounts:
            app.missing(volume, "no container mounts it; leave it out")
            continue
        _volume(app, volume, mounts, {one.place: to for one, to in containers})
    for template in app.workload.object.spec["volumeClaimTemplates"].items():
        mounts = list(mounts_of(parts, template.at("metadata", "name").text))
        _claimed(app, template, template["spec"], mounts, template.at("metadata", "name").text)
        app.missing(template["status"], "there is no key: Kubernetes writes it")
    for container in parts:
        for device in container["volumeDevices"].items():
            app.missing(device)
        known = {one["name"].text for one in app.workload.spec["volumes"].items()}
        known |= {one.at("metadata", "name").text for one in app.workload.object.spec["volumeClaimTemplates"].items()}
        for mount in container["volumeMounts"].items():
            if mount["name"].text not in known:
                app.missing(mount, f"there is no volume {mount['name'].text}; leave it out")


def _volume(app: App, volume: Part, mounts: list[Mounted], places: dict[Any, tuple[str, ...]]) -> None:
    name = volume["name"].text
    app.took(volume["name"], "volumes")
    sources = [(key, part) for key, part in volume.entries() if key != "name" and part.given]
    # A volume that says nothing of its source is an empty folder.
    for key, part in sources or [("emptyDir", volume["emptyDir"])]:
        match key:
            case "configMap":
                _files(app, part, mounts, places)
            case "secret":
                pass  # drafted before
            case "projected":
                _projected(app, part, mounts, places)
            case "emptyDir":
                _scratch(app, part, mounts, name)
            case "persistentVolumeClaim":
                _claim(app, part, mounts, name)
            case "ephemeral":
                spec = part.at("volumeClaimTemplate", "spec")
                size = quantities.size(spec.at("resources", "requests", "storage").text) or USUAL_SIZE
                why = "it is scratch space of the node, which dies with the pod"
                draft_mounts(app, part, mounts, name, {"size": size}, why=why)
            case _:
                _unknown_source(app, key, part, mounts)


def _unknown_source(app: App, key: str, part: Part, mounts: list[Mounted]) -> None:
    for one in (*(mount for _, mount in mounts), part):
        if key == "hostPath":
            app.dangerous(one, _HOST_PATH)
        elif key == "downwardAPI":
            app.missing(one, "write {field: ...} under 'env'")
        else:
            app.missing(one, "make a claim for it, and write it as 'claim'")


def _files(app: App, source: Part, mounts: list[Mounted], places: dict[Any, tuple[str, ...]]) -> None:
    name = source["name"].text
    found, texts = app.config_map(name)
    if found is None:
        what = f"ConfigMap {name} is not in the input; write its content under 'files'"
        app.missing(source, what)
        for _, mount in mounts:
            app.missing(mount, what)
        return
    items = {one["key"].text: one["path"].text for one in source["items"].items()}
    paths = items or {key: key for key in texts}
    app.took(source["name"], "files")
    app.took(source["items"], "files")
    mode = source["defaultMode"]
    if mode.given:
        runs = bool((mode.number or 0) & 0o111)
        app.missing(
            mode, "files are read, and none is a program; run it by its interpreter: [sh, FILE]" if runs else ""
        )
    for container, mount in mounts:
        _mounted_files(app, mount, texts, paths, places[container.place])
    for key, part in found.part["binaryData"].entries():
        app.missing(part, f"{key} is no text; put it into the image")


def _mounted_files(app: App, mount: Part, texts: Any, paths: dict[str, str], to: tuple[str, ...]) -> None:
    inside, folder = mount["subPath"].text, folder_of(mount)
    for key, path in paths.items():
        if inside and path != inside and not path.startswith(f"{inside}/"):
            continue
        target = folder if path == inside else f"{folder}/{path.removeprefix(f'{inside}/')}"
        part = texts.get(key)
        if part is None:
            app.missing(mount, f"the ConfigMap has no {key}; write the file under 'files'")
            continue
        content = app.text(part.text)
        secrets = in_file(target, content)
        if secrets:
            app.missing(
                part,
                f"line {secrets[0].line} looks like {secrets[0].what}; keep the file in a Secret, and name it under "
                f"'secrets', or write it under 'files' and list it in 'notSecret'",
            )
            app.missing(mount, f"{target} looks as if it had a secret, and is left out")
            continue
        app.section(*to, "files")[target] = content
        app.took(part, *to, "files", target)
        app.took(mount, *to, "files", target)


def _projected(app: App, part: Part, mounts: list[Mounted], places: dict[Any, tuple[str, ...]]) -> None:
    app.missing(part["defaultMode"], "there is no key: files can be read by the app's group")
    for source in part["sources"].items():
        for key, one in source.entries():
            if key == "configMap":
                _files(app, one, mounts, places)
            elif key == "downwardAPI":
                app.missing(one, "write {field: ...} under 'env'")
            elif key != "secret":
                app.missing(one, "there is no key: a pod gets no token of the API server")
    for _, mount in mounts:
        app.took(mount, "files")


def _scratch(app: App, part: Part, mounts: list[Mounted], name: str) -> None:
    limit = quantities.size(part["sizeLimit"].text)
    in_memory = part["medium"].text == "Memory"
    folder = folder_of(mounts[0][1])
    app.took(part["sizeLimit"], "volumes", own_name(name), "size")
    if in_memory and folder == _SHARED_MEMORY:
        app.said["shm"] = limit or "64Mi"
        app.took(part, "shm", why="" if limit else "it had no limit; 64Mi is what a container has elsewhere")
        for _, mount in mounts:
            app.took(mount, "shm")
        return
    why = "" if limit else _NOT_LIMITED
    if in_memory:
        why = "it is on the node's disk; nothing but 'shm' is in memory"
    if limit is None and folder.startswith(_RUN):
        app.section("writable")[folder] = "64Mi"
        app.took(part, "writable", folder, why="it had no limit; a pod that fills it beyond 64Mi is evicted")
        for _, mount in mounts:
            app.took(mount, "writable", folder)
        return
    draft_mounts(app, part, mounts, name, {"size": limit or USUAL_SIZE}, why=why)


def _claim(app: App, part: Part, mounts: list[Mounted], name: str) -> None:
    claim = part["claimName"].text
    found = app.find("PersistentVolumeClaim", claim)
    is_read_only = part["readOnly"].value is True
    app.took(part["readOnly"], "volumes", own_name(name), "readOnly")
    if found is None:
        draft_mounts(app, part, mounts, name, {"claim": claim}, is_read_only=is_read_only)
        return
    app.world.used.add(found.part.place)
    lender = app.world.lenders.get(claim)
    if lender is not None and lender[0] != app.name:
        app.world.draft.apps[lender[0]]["volumes"][lender[1]]["shared"] = True
        draft_mounts(app, part, mounts, name, {"from": ".".join(lender)}, is_read_only=is_read_only)
        return
    volume = _claimed(app, part, found.spec, mounts, name, is_read_only=is_read_only, of=found)
    app.world.lenders[claim] = (app.name, volume)


def _claimed(
    app: App,
    part: Part,
    spec: Part,
    mounts: list[Mounted],
    name: str,
    *,
    is_read_only: bool = False,
    of: Object | None = None,
) -> str:
    size = quantities.size(spec.at("resources", "requests", "storage").text)
    settings: dict[str, Any] = {"size": size or USUAL_SIZE, "kind": "persistent"}
    volume = own_name(name)
    app.took(spec.at("resources", "requests", "storage"), "volumes", volume, "size")
    storage_class = spec["storageClassName"]
    if storage_class.text:
        settings["storageClass"] = storage_class.text
    app.took(storage_class, "volumes", volume, "storageClass")
    modes = spec["accessModes"]
    is_stateful = app.workload.object.kind == "StatefulSet" and of is None
    if _SHARED_MODES & {one.text for one in modes.items()} and not is_stateful:
        settings["shared"] = True
    app.took(modes, "volumes", volume, "shared")
    draft_mounts(app, part, mounts, name, settings, is_read_only=is_read_only, why=_NEW_CLAIM)
    return volume
