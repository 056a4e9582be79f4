"""The cache folder: the user's own, and never a reason to fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nb2svc.freeze import cache


def test_the_folder_follows_the_xdg_specification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert cache.cache_folder() == tmp_path / "mine" / "nb2svc"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for unset in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert cache.cache_folder() == tmp_path / "home" / ".cache" / "nb2svc"


def test_a_folder_that_cannot_be_made_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = cache.cache_folder()
    assert folder.is_dir()
    assert folder == cache.cache_folder()
    cache.store("kind", "key", [1])
    assert cache.load("kind", "key") == [1]


def test_values_come_back_and_unknown_ones_do_not() -> None:
    cache.store("kind", "key", {"a": [1, None]})
    assert cache.load("kind", "key") == {"a": [1, None]}
    assert cache.load("kind", "other") is None
    (cache.cache_folder() / "kind" / "key.json").write_text('{"a": ')
    assert cache.load("kind", "key") is None


def test_only_the_last_used_are_kept() -> None:
    for number in range(cache.KEPT):
        cache.store("kind", str(number), number)
        os.utime(cache.cache_folder() / "kind" / f"{number}.json", (number, number))
    assert cache.load("kind", "0") == 0  # used again
    cache.store("kind", "one more", True)
    assert cache.load("kind", "0") == 0
    assert cache.load("kind", "1") is None
    assert len(list((cache.cache_folder() / "kind").iterdir())) == cache.KEPT


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "entry"
    cache.write_atomically(path, b"old")

    def refuse(self: Path, target: Path) -> Path:
        raise OSError

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError):
        cache.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
