"""How files are broken: bits, lengths and places anywhere, and the parts of each format in particular."""

from __future__ import annotations

import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import tiff_mutations

NUMBERS = [0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 10**9, 2**31 - 1, 2**31, 2**32 - 1, 2**63]
_BOXES = rb"jP  |ftyp|jp2h|ihdr|colr|jp2c|RIFF|VP8 |VP8L|VP8X|ALPH|ANIM|ANMF|EXIF"  # JPEG 2000 and WebP
Mutation = Callable[[bytes, random.Random], bytes]


def mutated(name: str, data: bytes, rng: random.Random) -> bytes:
    """One to three changes; half of them know the format."""
    special = SPECIAL[name.rpartition(".")[2]]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(special if special and rng.random() < 0.6 else ANYWHERE)
        data = change(data, rng) if len(data) > 16 else data
    return data


def mutated_folder(files: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    """One file of a folder is changed, replaced by another's content, or lost."""
    files = dict(files)
    name = rng.choice(sorted(files))
    kind = rng.random()
    if kind < 0.1:
        del files[name]
    elif kind < 0.15:
        files[name] = files[rng.choice(sorted(files))]
    elif kind < 0.2:
        files[name] = b""
    elif files[name][:1] == b"{" and kind < 0.85:
        files[name] = broken_json(files[name], rng)
    else:
        files[name] = rng.choice(ANYWHERE)(files[name], rng)
    return files


def cuts(name: str, data: bytes) -> list[int]:
    """Every length at which a part of a file begins or ends, and a few more."""
    kind = name.rpartition(".")[2]
    found = [0, 1, 2, 3, 4, 7, 8, 12, 16, len(data) // 2, len(data) - 2, len(data) - 1]
    if kind == "tif":
        found += tiff_mutations.places(data)
    elif kind == "bmp":
        found += [*range(14, 60, 2), int.from_bytes(data[10:14], "little")]
    else:
        parts = {"png": rb"[A-Za-z]{4}", "jpg": rb"\xff[\xc0-\xfe]"}.get(kind, _BOXES)
        found += [m.start() + more for m in re.finditer(parts, data) for more in (-4, 0, 2, 4)]
    return sorted({place for place in found if 0 <= place < len(data)})


# -- anywhere -----------------------------------------------------------------------------------------------------


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def put_number(data: bytes, rng: random.Random) -> bytes:
    form = rng.choice("<>") + rng.choice("BHIQ")
    size = struct.calcsize(form)
    at = rng.randrange(min(len(data), rng.choice((32, 200, len(data)))))
    return data[:at] + struct.pack(form, rng.choice(NUMBERS) % 2 ** (8 * size)) + data[at + size :]


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def cut_off_the_head(data: bytes, rng: random.Random) -> bytes:
    return data[rng.randrange(1, 64) :]


def cut_off_the_end(data: bytes, rng: random.Random) -> bytes:
    return data[: -rng.randrange(1, min(64, len(data)))]


def _block(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.choice((1, 4, 16, 300)))


def remove_block(data: bytes, rng: random.Random) -> bytes:
    start, end = _block(data, rng)
    return data[:start] + data[end:]


def insert_block(data: bytes, rng: random.Random) -> bytes:
    start, end = _block(data, rng)
    block = rng.choice((data[start:end], bytes(end - start), b"\xff" * (end - start), rng.randbytes(end - start)))
    at = rng.randrange(len(data))
    return data[:at] + block + data[at:]


def overwrite_block(data: bytes, rng: random.Random) -> bytes:
    start, end = _block(data, rng)
    block = rng.choice((bytes(end - start), b"\xff" * (end - start), rng.randbytes(end - start)))
    return data[:start] + block + data[end:]


def append(data: bytes, rng: random.Random) -> bytes:
    return data + rng.choice((data, bytes(1000), rng.randbytes(100)))


ANYWHERE: list[Mutation] = [
    *[flip_bits, put_number, cut, cut_off_the_head, cut_off_the_end],
    *[remove_block, insert_block, overwrite_block, append],
]


# -- PNG ----------------------------------------------------------------------------------------------------------


def png_chunks(data: bytes, rng: random.Random) -> bytes:
    """A chunk is changed and gets the right check sum again, is lost, comes twice or elsewhere."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return data
    number = rng.randrange(len(chunks))
    kind, body = chunks[number]
    what = rng.randrange(6)
    if what == 0:
        del chunks[number]
    elif what == 1:
        chunks.insert(rng.randrange(len(chunks) + 1), (kind, body))
    elif what == 2:
        extra = rng.choice((b"pHYs", b"eXIf", b"gAMA", b"tRNS", b"PLTE", b"iCCP", b"zTXt", b"iTXt", b"acTL", b"fcTL"))
        bomb = b"a\0\0" + zlib.compress(bytes(10**6))
        chunks.insert(1, (extra, rng.choice((b"", rng.randbytes(9), b"\xff" * 9, bytes(800), bomb))))
    elif what == 3 and kind == b"IDAT":
        pixels = rng.choice((b"", bytes(10), bytes(10**6), rng.randbytes(1000)))
        chunks[number] = kind, zlib.compress(pixels)
    elif kind == b"IHDR" and len(body) == 13:
        side = [rng.choice((*NUMBERS[:-1], 70, 50)) for _ in range(2)]
        bits = rng.choice((1, 2, 4, 8, 8, 16, 16, 3, 255))
        chunks[number] = (
            kind,
            struct.pack(">IIBBBBB", *side, bits, rng.choice((0, 2, 3, 4, 6, 9)), 0, 0, rng.choice((0, 1))),
        )
    elif body:
        chunks[number] = kind, rng.choice((flip_bits, put_number, cut))(body, rng)
    whole = b"".join(struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks)
    return data[:8] + whole


# -- JPEG, JPEG 2000, WebP, BMP -----------------------------------------------------------------------------------


def jpeg_segments(data: bytes, rng: random.Random) -> bytes:
    """A marker's segment is changed, lost, comes twice, or the file ends at it."""
    places = [m.start() for m in re.finditer(rb"\xff[\xc0-\xfe]", data)]
    if not places:
        return data
    at = rng.choice(places)
    end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    what = rng.randrange(6)
    if what == 0:
        return data[:at]
    if what == 1:
        return data[:at] + data[end:]
    if what == 2:
        return data[:at] + data[at:end] + data[at:]
    if what == 3:
        return data[: at + 1] + bytes([rng.randrange(0xC0, 0xFF)]) + data[at + 2 :]
    if what == 4:
        return data[: at + 2] + struct.pack(">H", rng.choice((0, 1, 2, 3, 0xFFFF))) + data[at + 4 :]
    field = at + 4 + rng.randrange(max(1, min(16, end - at - 4)))
    return data[:field] + struct.pack(">H", rng.choice((0, 1, 0xFF, 0xFFFF, 0x8000, 65_000))) + data[field + 2 :]


def parts_with_length(data: bytes, rng: random.Random) -> bytes:
    """The length or the first bytes of a box (JPEG 2000) or a chunk (WebP) are changed."""
    places = [m.start() for m in re.finditer(_BOXES, data)]
    places += [m.start() - 4 for m in re.finditer(rb"\xff[\x4f-\x64\x90-\x93\xd9]", data[:400])]
    if not places:
        return data
    at = max(0, rng.choice(places) + rng.choice((-4, 4, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40)))
    size = rng.choice((1, 2, 3, 4))
    return (
        data[:at] + rng.choice((bytes(size), b"\xff" * size, b"\x7f" * size, rng.randbytes(size))) + data[at + size :]
    )


def bmp_header(data: bytes, rng: random.Random) -> bytes:
    at, form = rng.choice(
        ((2, "<I"), (10, "<I"), (14, "<I"), (18, "<I"), (22, "<I"), (26, "<H"), (28, "<H"), (30, "<I"), (46, "<I"))
    )
    bits = 8 * struct.calcsize(form)
    number = rng.choice((*NUMBERS, 3, 4, 16, 24, 32, -50)) % 2**bits
    return data[:at] + struct.pack(form, number) + data[at + bits // 8 :]


# -- OME-Zarr -----------------------------------------------------------------------------------------------------

VALUES = [None, True, -1, 0, 1, 2.5, 1e308, 10**9, 2**63, 10**30, "", "x", "../..", "\0", "nan", [], [0], {}, {"a": 1}]


def broken_json(data: bytes, rng: random.Random) -> bytes:
    """One value of a JSON document is another one, or is gone; or the text is broken."""
    if rng.random() < 0.2:
        return rng.choice((*ANYWHERE, lambda data, rng: b"[" * 100_000))(data, rng)
    content = json.loads(data)
    places = list(_places(content))
    if not places:
        return b"null"
    holder, key = rng.choice(places)
    if rng.random() < 0.2:
        del holder[key]
    else:
        holder[key] = rng.choice((*VALUES, float("nan")))
    return json.dumps(content).encode()


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        yield content, key
        yield from _places(value)


SPECIAL: dict[str, list[Mutation]] = {
    "tif": tiff_mutations.ALL,
    "png": [png_chunks],
    "jpg": [jpeg_segments],
    "jp2": [parts_with_length, jpeg_segments],
    "webp": [parts_with_length],
    "bmp": [bmp_header],
}
