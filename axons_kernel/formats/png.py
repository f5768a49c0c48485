"""PNG bytes of masks: class numbers with a palette, and masks inside JSON. Sizes are checked before pixels are read."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from ..errors import ImageReadError
from ..labels import Colour
from .values import Shape

MAGIC = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 1 << 26  # of a mask inside JSON


def png_shape(data: bytes) -> Shape | None:
    """(H, W) as the header says it; None when it is no PNG."""
    if not data.startswith(MAGIC) or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return height, width


def encode_indexed(numbers: NDArray[np.uint8], palette: Sequence[Colour], texts: Mapping[str, str]) -> bytes:
    """(H, W) class numbers as a palette PNG; `palette[i]` is the colour of number i."""
    image = Image.fromarray(numbers, "L")
    image.putpalette([part for colour in palette for part in colour])
    info = PngInfo()
    for key, text in texts.items():
        info.add_itxt(key, text)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def decode_numbers(data: bytes, name: str) -> tuple[NDArray[Any], dict[str, str]]:
    """The numbers in a PNG (palette entries, or grey levels; of colour pictures the first channel), and its texts.

    Shape: (H, W) uint8 or wider. The caller has checked the size. Raises ImageReadError.
    """
    try:
        with PngImageFile(io.BytesIO(data)) as image:  # not Image.open, which refuses large pictures
            image.load()
            texts = {str(key): str(value) for key, value in image.text.items()}
            pixels = np.asarray(image.convert("L") if image.mode == "1" else image)
    except Exception as error:  # decoders raise whatever they like on broken bytes
        raise ImageReadError(f"{name} is a broken PNG ({str(error)[:100]}): export it again.") from error
    return pixels if pixels.ndim == 2 else pixels[..., 0], texts


def mask_to_base64(mask: NDArray[np.bool_]) -> str:
    """(H, W) bool as the text of a PNG with 0 and 1."""
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def mask_from_base64(text: str) -> NDArray[np.bool_]:
    """(H, W) bool from the text of a PNG; all that is not 0 counts. Raises ValueError."""
    data = base64.b64decode(text)
    shape = png_shape(data)
    if shape is None or shape[0] * shape[1] > _MOST_PIXELS:
        raise ValueError("its mask is no PNG, or too large to be one object")
    return np.asarray(decode_numbers(data, "its mask")[0] != 0)
