"""What a command asks of git."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.ci.git import GitError, changed_files, first_commit_with, holds_file, tree_of, versions, write_archive
from infra.errors import UsageError
from tests.ci.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.make(tmp_path / "repository", {"apps/web/Dockerfile": "FROM scratch\n", "file": "1\n"})


def test_the_same_content_has_the_same_hash_whatever_else_changes(checkout: Checkout) -> None:
    first = tree_of(checkout.folder, "apps/web")
    checkout.commit({"file": "2\n"})
    assert tree_of(checkout.folder, "apps/web/") == first == checkout.git("rev-parse", "HEAD:apps/web")

    checkout.commit({"apps/web/Dockerfile": "FROM other\n"})
    assert tree_of(checkout.folder, "apps/web") != first


@pytest.mark.parametrize("folder", ["apps/api", "file", "apps/web/Dockerfile"])
def test_what_is_no_folder_of_the_commit_has_no_hash(checkout: Checkout, folder: str) -> None:
    (checkout.folder / "apps/api").mkdir()

    assert tree_of(checkout.folder, folder) is None


def test_a_file_is_looked_for_in_the_commit_and_not_in_the_folder(checkout: Checkout) -> None:
    checkout.write({"apps/web/new": "1"})
    tree = tree_of(checkout.folder, "apps/web") or ""

    assert holds_file(checkout.folder, tree, "Dockerfile")
    assert not holds_file(checkout.folder, tree, "new")


def test_changed_and_new_files_are_listed(checkout: Checkout) -> None:
    assert changed_files(checkout.folder, "apps/web") == []
    checkout.write({"apps/web/Dockerfile": "FROM other\n", "apps/web/dir/new file": "1", "file": "2"})

    assert len(changed_files(checkout.folder, "apps/web")) == 2


def test_the_versions_of_a_file_come_newest_first_with_a_merge_as_one(checkout: Checkout) -> None:
    checkout.git("switch", "--quiet", "--create", "topic")
    checkout.commit({"file": "half way\n"})
    checkout.commit({"file": "2\n"})
    checkout.git("switch", "--quiet", "main")
    checkout.commit({"other": "x"})
    checkout.git("merge", "--quiet", "--no-ff", "--message", "Merge", "topic")
    checkout.commit({"other": "y"})

    assert list(versions(checkout.folder, "file")) == ["2\n", "1\n"]


def test_a_file_that_was_removed_meanwhile_has_its_older_versions(checkout: Checkout) -> None:
    checkout.git("rm", "--quiet", "file")
    checkout.commit({})
    checkout.commit({"file": "3\n"})

    assert list(versions(checkout.folder, "file")) == ["3\n", "1\n"]


def test_the_commit_that_brought_a_content_is_found(checkout: Checkout) -> None:
    first = checkout.git("rev-parse", "HEAD")
    tree = tree_of(checkout.folder, "apps/web") or ""
    checkout.commit({"apps/web/Dockerfile": "FROM other\n"})
    checkout.commit({"file": "2"})

    assert first_commit_with(checkout.folder, "apps/web", tree) == first
    assert first_commit_with(checkout.folder, "apps/web", "0" * 40) is None


def test_a_shallow_clone_is_told_what_to_fetch(checkout: Checkout, tmp_path: Path) -> None:
    checkout.commit({"file": "2\n"})
    checkout.git("clone", "--quiet", "--depth", "1", f"file://{checkout.folder}", str(tmp_path / "shallow"))

    with pytest.raises(UsageError, match="fetch-depth: 0"):
        list(versions(tmp_path / "shallow", "file"))


def test_an_archive_has_what_the_commit_has(checkout: Checkout, tmp_path: Path) -> None:
    checkout.write({"apps/web/ignored": "x"})
    write_archive(checkout.folder / "apps", tree_of(checkout.folder, "apps/web") or "", tmp_path / "a.tar")

    assert (tmp_path / "a.tar").read_bytes().count(b"FROM scratch") == 1


def test_what_is_no_checkout_is_told(tmp_path: Path) -> None:
    with pytest.raises(GitError, match=r"git rev-parse in .*: git failed"):
        tree_of(tmp_path, "apps/web")


def test_a_missing_git_is_told(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(GitError, match="git cannot be started"):
        tree_of(checkout.folder, "apps/web")
