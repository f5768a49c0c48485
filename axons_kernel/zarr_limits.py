"""What the files of an OME-Zarr image may claim: its decoders believe every size that a chunk gives of itself."""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import MutableMapping
from typing import Any

import zarr
from zarr.storage import WrapperStore

from .picture import Unreadable

_FLOOR = 32 << 20  # bytes; a chunk up to this size may claim what it likes
_PICTURE_FLOOR, _PICTURE_RATIO = 64 << 20, 5000  # of a whole picture: bytes, and bytes per byte of its files
_BLOCK = 128 << 10  # bytes that a block of a Zstandard frame holds at most
_KNOWN = ("blosc", "zstd", "gzip", "zlib", "lz4")


class CheckedStore(WrapperStore[Any]):
    """The files of an image; reading one whose content is larger than a chunk can be raises Unreadable."""

    limit = _FLOOR

    def group(self) -> Any:
        """The folder as a group."""
        return zarr.open_group(self, mode="r")

    def expect(self, files: MutableMapping[str, bytes], array: Any) -> None:
        """From now on chunks of `array` are read.

        Raises Unreadable when their compression is not known, or `files` (the same) cannot hold so many pixels.
        """
        for codec in array.compressors:
            name = str(getattr(codec, "codec_id", type(codec).__name__.removesuffix("Codec"))).lower()
            if name not in _KNOWN:
                raise Unreadable(f"its compression {name[:20]!r} is not supported; {', '.join(_KNOWN)} are")
        _check_picture(files, math.prod(array.shape[-2:]) * array.dtype.itemsize)
        self.limit = max(_FLOOR, 2 * math.prod(array.chunks) * array.dtype.itemsize)

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """The bytes of a file, checked."""
        found = await super().get(key, prototype, byte_range)
        if found is not None and claimed_bytes(found.to_bytes(), self.limit) > self.limit:
            raise Unreadable(f"its part {key[:40]!r} claims to hold more than a part of it can")
        return found


def _check_picture(files: MutableMapping[str, bytes], decoded: int) -> None:
    """Folders on web servers, whose files cannot be listed, are believed."""
    filesystem: Any = getattr(files, "fs", None)
    if decoded <= _PICTURE_FLOOR or filesystem is None or "http" in filesystem.protocol:
        return
    stored = int(filesystem.du(files.root))  # type: ignore[attr-defined]
    if decoded > _PICTURE_RATIO * stored:
        raise Unreadable(f"its {decoded >> 20} MB of pixels are too many for files of {stored} bytes")


def claimed_bytes(data: bytes, limit: int) -> int:
    """How many bytes compressed ones become at most, as their first bytes tell; beyond `limit` it need not be exact."""
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return _zstd_blocks(data) * _BLOCK
    if data[:1] in (b"\1", b"\2") and int.from_bytes(data[12:16], "little") == len(data):  # Blosc
        return int.from_bytes(data[4:8], "little")
    if data[:2] == b"\x1f\x8b" or (data[:1] == b"\x78" and int.from_bytes(data[:2]) % 31 == 0):
        return _inflated(data, limit)
    return 0


def _zstd_blocks(data: bytes) -> int:
    """The blocks of the first frame."""
    flags = data[4] if len(data) > 4 else 0
    single = flags >> 5 & 1
    at = 5 + (not single) + (0, 1, 2, 4)[flags & 3] + (single, 2, 4, 8)[flags >> 6]
    count, last = 0, False
    while not last and at + 3 <= len(data):
        header = int.from_bytes(data[at : at + 3], "little")
        last, is_run = bool(header & 1), header >> 1 & 3 == 1
        at += 3 + (1 if is_run else header >> 3)
        count += 1
    return count


def _inflated(data: bytes, limit: int) -> int:
    """The bytes of all members; it stops soon after `limit`."""
    total = 0
    with contextlib.suppress(zlib.error):  # the decoder will tell
        while data and total <= limit and len(data) * 1032 > limit:
            inflate = zlib.decompressobj(47)
            while data and total <= limit and not inflate.eof:
                total += len(inflate.decompress(data, 1 << 20))
                data = inflate.unconsumed_tail
            data = inflate.unused_data
    return total
