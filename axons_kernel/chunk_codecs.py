"""Decode a chunk straight into its array, for the compressions that image.tif and most slides use.

tifffile decodes everything, with one more copy per step; on memory that is new each time, copies cost as much as
Zstandard. What is not plain here is left to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NATIVE = "<" if sys.byteorder == "little" else ">"


@dataclass(frozen=True)
class DirectCodec:
    """Decodes chunks of `shape` (h, w, channels); `horizontal`: values are differences along the rows."""

    decompress: Callable[..., Any]
    horizontal: bool
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]

    def decode(self, data: memoryview) -> NDArray[Any] | None:
        """The chunk; None when the bytes are not those of a whole one. Raises what the codec raises."""
        import imagecodecs

        chunk = np.empty(self.shape, self.dtype)
        if len(self.decompress(data, out=chunk.reshape(-1).view(np.uint8).data)) != chunk.nbytes:
            return None
        if self.horizontal:
            imagecodecs.delta_decode(chunk, axis=1, out=chunk)
        return chunk


def direct_codec(page: Any, chunk: tuple[int, int]) -> DirectCodec | None:
    """The codec of a TIFF page with tiles of `chunk` (h, w); None when tifffile must decode them."""
    import imagecodecs

    decompress = {
        8: imagecodecs.deflate_decode,
        32946: imagecodecs.deflate_decode,
        50000: imagecodecs.zstd_decode,
        34926: imagecodecs.zstd_decode,
    }.get(int(page.compression))
    plain = page.is_tiled and page.fillorder == 1 and page.bitspersample == 8 * page.dtype.itemsize
    same_bytes = page.dtype.itemsize == 1 or page.parent.byteorder == _NATIVE
    predicted = page.predictor == 2 and page.dtype.kind in "iu"
    if decompress is None or not plain or not same_bytes or not (predicted or page.predictor == 1):
        return None
    return DirectCodec(decompress, predicted, (*chunk, page.shaped[-1]), page.dtype.newbyteorder("="))
