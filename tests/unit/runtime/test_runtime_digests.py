"""Digests of large files: of their parts, the same whoever works them out."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2svc.runtime import digests

PART = 100


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(digests, "PART", PART)
    monkeypatch.setattr(digests, "_BESIDE", 10)


def by_hand(content: bytes) -> str:
    parts = [content[start : start + PART] for start in range(0, len(content), PART)]
    if len(parts) <= 1:
        return hashlib.sha256(content).hexdigest()
    joined = b"".join(hashlib.sha256(part).digest() for part in parts)
    return f"{hashlib.sha256(joined).hexdigest()}-{len(parts)}"


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART, 7 * PART + 3])
def test_a_file_has_the_digest_of_its_parts(tmp_path, size):
    content = bytes(number % 251 for number in range(size))
    (tmp_path / "file").write_bytes(content)
    found = digests.file_digest(tmp_path / "file")
    assert found == digests.digest(memoryview(content)) == by_hand(content)
    assert ("-" in found) == (size > PART)  # else it is what sha256sum prints


@given(st.lists(st.binary(max_size=350), max_size=12))
def test_pieces_of_any_size_give_the_digest_of_the_whole(pieces):
    with ThreadPoolExecutor(3) as beside:
        written = digests.Digest(beside)
        for piece in pieces:
            written.update(memoryview(piece))
            written.wait()
        assert written.hexdigest() == by_hand(b"".join(pieces))


def test_no_other_content_has_the_digest_of_the_parts():
    """The parts' own digests, as a file, have the same hex, but no number of parts."""
    content = bytes(3 * PART)
    parts = b"".join(hashlib.sha256(bytes(PART)).digest() for _ in range(3))
    assert digests.digest(memoryview(content)) != digests.digest(memoryview(parts))
