"""Shared objects made for tests: no compiler is needed."""

from __future__ import annotations

import struct


def shared_object(*needed: str, runpath: str = "", soname: str = "", symbols: tuple[str, ...] = ()) -> bytes:
    """A shared object for x86-64 that holds nothing but a dynamic section (and versions of needed symbols)."""
    names = bytearray(b"\0")

    def name(text: str) -> int:
        place = len(names)
        names.extend(text.encode() + b"\0")
        return place

    tags = [(1, name(library)) for library in needed]
    tags += [(29, name(runpath))] if runpath else []
    tags += [(14, name(soname))] if soname else []
    file = name("libc.so.6")
    versions = b"".join(
        struct.pack("<IHHII", 0, 0, 2, name(symbol), 16 if number < len(symbols) - 1 else 0)
        for number, symbol in enumerate(symbols)
    )
    need = struct.pack("<HHIII", 1, len(symbols), file, 16, 0) + versions if symbols else b""
    start = 64 + 2 * 56
    dynamic_at = start + len(names)
    tags += [(5, start), (10, len(names)), (0, 0)]  # addresses are offsets here
    dynamic = b"".join(struct.pack("<qQ", *tag) for tag in tags)
    need_at = dynamic_at + len(dynamic)
    headers_at = need_at + len(need)
    total = headers_at + 3 * 64
    header = (
        b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, headers_at, 0, 64, 56, 2, 64, 3, 1)
    )
    segments = struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, total, total, 1)
    segments += struct.pack("<IIQQQQQQ", 2, 4, dynamic_at, dynamic_at, 0, len(dynamic), len(dynamic), 8)
    sections = bytes(64) + struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, start, len(names), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 0, 0x6FFFFFFE if symbols else 0, 0, 0, need_at, len(need), 1, 1, 4, 0)
    return header + segments + bytes(names) + dynamic + need + sections
