"""The chain of pages: whole, cut off, in a circle."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile

from axons_kernel.errors import ImageReadError
from axons_kernel.images import decode_image
from axons_kernel.tiff_chain import check_chain


def pages(count: int, *, big: bool = False, order: str = "<") -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, np.zeros((count, 4, 4), np.uint8), photometric="minisblack", bigtiff=big, byteorder=order, metadata=None
    )
    return buffer.getvalue()


def in_a_circle(data: bytes, *, big: bool, order: str) -> bytes:
    """The last page says that the first comes next."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        first, last = file.pages[0].offset, file.pages[-1].offset
    form = order + ("Q" if big else "I")
    tags = struct.unpack_from(order + ("Q" if big else "H"), data, last)[0]
    place = last + (8 + 20 * tags if big else 2 + 12 * tags)
    changed = bytearray(data)
    struct.pack_into(form, changed, place, first)
    return bytes(changed)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_circle(big: bool, order: str) -> None:
    data = pages(3, big=big, order=order)
    check_chain(io.BytesIO(data))
    circle = in_a_circle(data, big=big, order=order)
    with pytest.raises(ValueError, match="its pages form a circle"):
        check_chain(io.BytesIO(circle))
    with pytest.raises(ImageReadError, match=r"x is not an image that can be read .*circle"):
        decode_image(circle, "x")


@pytest.mark.parametrize("data", [b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0+\0\x08\0\0", pages(2)[:200]])
def test_a_chain_that_is_cut_off_ends_there(data: bytes) -> None:
    check_chain(io.BytesIO(data))
