"""Open PNG, JPEG, JPEG 2000, BMP and WebP as a picture: upright, without alpha, with all 16 bits."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .picture import WHOLE_LIMIT, Bands, Choice, Picture, Unreadable, array_picture
from .pixel_sizes import KnownSize, resolution_size

FORMATS = ("PNG", "JPEG", "JPEG2000", "BMP", "DIB", "WEBP")
_PLUGINS = ("Png", "Jpeg", "Mpo", "Jpeg2K", "Bmp", "WebP")
_ORIENTATION = 0x0112
_ADVICE = "save it as a TIFF with tiles"
# bytes per pixel while it is decoded, copied and converted, and what some decoders need beside (as measured)
_HELD = {"1": 4, "L": 4, "I;16": 7, "I;16B": 7, "LA": 8, "RGB": 11, "P": 12}
_HELD_MORE = {"WEBP": 12, "JPEG2000": 10}
_RGB_NAMES = ("red", "green", "blue")


def open_with_pillow(file: IO[bytes], name: str, choice: Choice) -> Picture:
    """Open such a file; its pixels are read when the first of them is asked for, all at once.

    Raises InputError for a choice that is not there, and whatever the decoder raises on broken bytes.
    """
    from PIL import Image, UnidentifiedImageError

    for plugin in _PLUGINS:  # each makes its format known
        import_module(f"PIL.{plugin}ImagePlugin")
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is ours
        try:
            image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError as error:
            raise Unreadable("it is empty, broken, or of another kind") from error
        except Image.DecompressionBombError as error:
            raise Unreadable(f"its pixels are too many for a file that is read whole: {_ADVICE}") from error
    deep = _deep_png(file)
    width, height = image.size
    held = 14 if deep else _HELD.get(image.mode, 15) + _HELD_MORE.get(image.format or "", 0)
    if width * height * held > 2 * WHOLE_LIMIT:
        raise Unreadable(
            f"{width} x {height} pixels are too many for a {image.format} file, which is read whole: {_ADVICE}"
        )
    for axis in "zt":
        if getattr(choice, axis) is not None:
            choice.plane(axis, 1, name)
    turned = image.getexif().get(_ORIENTATION, 1)
    rgb, dtype = _form(image, deep)
    cache: list[NDArray[Any]] = []

    def bands() -> Bands:
        if not cache:  # one decoding, however often the planes are read
            cache.append(_upright(_deep_pixels(file) if deep else _pixels(image), turned))
        yield from array_picture(cache[0], rgb=rgb).planes[0]()

    shape = (width, height) if turned in (5, 6, 7, 8) else (height, width)
    frames = getattr(image, "n_frames", 1)
    notes = (f"{name} holds {frames} pictures; the first is taken.",) if frames > 1 and image.format != "MPO" else ()
    picture = Picture(shape, dtype, (bands,), rgb, sizes=_sizes(image), axes="YXS" if rgb else "YX", notes=notes)
    if choice.channels is None:
        return picture
    return picture.keeping(choice.channel_numbers(picture.channels, _RGB_NAMES if rgb else (), name))


def _deep_png(file: IO[bytes]) -> str:
    """ "grey" or "colour" for a PNG with 16 bits per value, of which Pillow would drop 8 where it is not all grey."""
    file.seek(0)
    head = file.read(26)
    if not head.startswith(b"\x89PNG") or len(head) < 26 or head[24] != 16:
        return ""
    return "colour" if head[25] & 2 else "grey"


def _form(image: Any, deep: str) -> tuple[bool, np.dtype[Any]]:
    """(rgb, dtype) of what is read."""
    if deep:
        return deep == "colour", np.dtype(np.uint16)
    if image.mode in ("1", "L", "LA", "La"):
        return False, np.dtype(np.uint8)
    if image.mode.startswith("I;16"):
        return False, np.dtype(np.uint16)
    if image.mode in ("I", "F"):
        return False, np.dtype(np.int32 if image.mode == "I" else np.float32)
    return True, np.dtype(np.uint8)


def _pixels(image: Any) -> NDArray[Any]:
    image.load()
    if image.mode in ("LA", "La"):
        image = image.getchannel(0)  # converting would blend with black
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB", "I", "F") and not image.mode.startswith("I;16"):
        image = image.convert("RGB")
    pixels = np.asarray(image)
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _deep_pixels(file: IO[bytes]) -> NDArray[Any]:
    import imagecodecs

    file.seek(0)
    pixels = np.asarray(imagecodecs.png_decode(file.read()))
    if pixels.ndim == 3:
        pixels = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., 0]
    return pixels


def _upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo what EXIF says about how the camera was held."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _sizes(image: Any) -> tuple[KnownSize, ...]:
    dpi = image.info.get("dpi")
    if not isinstance(dpi, tuple) or len(dpi) != 2:
        return ()
    size = resolution_size(float(dpi[0]), float(dpi[1]), "inch", "its resolution tag")
    return () if size is None else (size,)
