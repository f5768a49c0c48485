"""Change an image's pixel size: smooth for grey values, nearest for class numbers; whole arrays or by bands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from .picture import BAND_BYTES, Bands, Picture
from .tiling import Tile

_BAND_ROWS = 512  # at most so many rows of the result are made at a time


def scaled_shape(shape: tuple[int, int], scale: float) -> tuple[int, int]:
    """(H, W) after resampling by `scale` (2.0 doubles each side), at least one pixel."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def scaled_window(tile: Tile, scale: float, shape: tuple[int, int]) -> Tile:
    """A tile of an image in pixels of the image resampled by `scale`, which is `shape` (H, W) then."""
    left, top = round(tile.x * scale), round(tile.y * scale)
    right = min(round((tile.x + tile.width) * scale), shape[1])
    bottom = min(round((tile.y + tile.height) * scale), shape[0])
    return Tile(left, top, right - left, bottom - top)


def resample(pixels: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """(H, W) float32 to `shape`, linear; blurred first when it gets smaller, so that nothing aliases."""
    if pixels.shape == shape:
        return pixels
    factors = [old / new for old, new in zip(pixels.shape, shape, strict=True)]
    # half the new pixel's spread: the usual choice for anti-aliasing
    sigma = [max(0.0, (factor - 1) / 2) for factor in factors]
    smooth = ndimage.gaussian_filter(pixels, sigma, mode="reflect") if any(sigma) else pixels
    zoom = [1 / factor for factor in factors]
    return np.asarray(ndimage.zoom(smooth, zoom, order=1, mode="reflect", grid_mode=True), dtype=np.float32)


def resample_nearest(values: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """(H, W) of any type to `shape`, each new pixel taking the value under its centre."""
    if values.shape == shape:
        return values
    rows, cols = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
        for old, new in zip(values.shape, shape, strict=True)
    )
    return np.asarray(values[rows[:, None], cols[None, :]])


def resampled_picture(picture: Picture, shape: tuple[int, int]) -> Picture:
    """The same picture with `shape` (H, W), made while it is read: linear, averaged where it gets smaller."""
    if picture.shape == shape:
        return picture
    planes = tuple(lambda plane=plane: _resampled_bands(plane, picture, shape) for plane in picture.planes)
    return replace(picture, shape=shape, planes=planes)


def resampled_window(
    read: Callable[[Tile], NDArray[np.float32]],
    shape: tuple[int, int],
    per_pixel: tuple[float, float],
    tile: Tile,
) -> NDArray[np.float32]:
    """A window of a resampled picture, (C, h, w); a pixel's value does not depend on the window it is read in.

    `read` gives (C, h, w) of the picture before, which has `shape` (H, W); `per_pixel` (down, across) of its pixels
    lie along the side of a new one. Linear, averaged where it gets smaller.
    """
    top, bottom, down = triangle_weights(tile.y, tile.height, per_pixel[0], shape[0])
    left, right, across = triangle_weights(tile.x, tile.width, per_pixel[1], shape[1])
    source = read(Tile(left, top, right - left, bottom - top))
    return np.stack([(across @ (down @ plane).T).T for plane in source])


def triangle_weights(start: int, count: int, step: float, end: int) -> tuple[int, int, sparse.csr_array]:
    """How `count` new pixels from `start` on mix the old ones along one side: first and end of these, and weights.

    `step` old pixels lie in a new one, `end` is how many there are; weights (count, old pixels) float32 sum to 1.
    """
    reach = max(step, 1.0)  # a triangle of this half width, in old pixels
    centre = (np.arange(start, start + count) + 0.5) * step - 0.5
    first = np.floor(centre - reach).astype(np.int64) + 1
    taps = first[:, None] + np.arange(int(np.ceil(2 * reach)))  # (count, taps) old pixels
    weight = np.maximum(0, 1 - np.abs(taps - centre[:, None]) / reach)
    np.clip(taps, 0, end - 1, out=taps)  # the last pixel goes on beyond the edge
    low, high = int(taps[0, 0]), int(taps[-1, -1]) + 1
    values = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
    rows = np.repeat(np.arange(count), taps.shape[1])
    return low, high, sparse.csr_array((values.ravel(), (rows, (taps - low).ravel())), shape=(count, high - low))


def _resampled_bands(plane: Callable[[], Bands], picture: Picture, shape: tuple[int, int]) -> Bands:
    """Bands of `shape`; only the rows that the next band needs are held."""
    per_row = picture.shape[0] / shape[0]
    reach = int(max(per_row, 1.0)) + 2  # rows beyond a band that its filter reaches
    row_bytes = picture.shape[1] * (3 if picture.rgb else 1) * picture.dtype.itemsize
    step = max(1, min(_BAND_ROWS, int(BAND_BYTES / (row_bytes * max(per_row, 1.0)))))
    window = _Window(plane())
    for top in range(0, shape[0], step):
        bottom = min(top + step, shape[0])
        first = max(0, int(top * per_row) - reach)
        rows = window.rows(first, min(picture.shape[0], int(np.ceil(bottom * per_row)) + reach))
        box = (0.0, top * per_row - first, float(picture.shape[1]), min(bottom * per_row - first, float(len(rows))))
        size = (shape[1], bottom - top)
        if rows.ndim == 2:
            yield _scaled(rows, size, box)
        else:
            yield np.stack([_scaled(rows[..., c], size, box) for c in range(rows.shape[2])], axis=2)


def _scaled(rows: NDArray[Any], size: tuple[int, int], box: tuple[float, float, float, float]) -> NDArray[Any]:
    """Part `box` (left, top, right, bottom) of (h, W) as `size` (width, height), with a triangle as the filter."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(rows, dtype=np.float32))
    values = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=box))
    if rows.dtype.kind == "f":
        return np.asarray(values)
    limits = np.iinfo(rows.dtype)
    return np.asarray(np.clip(np.rint(values), limits.min, limits.max)).astype(rows.dtype)


class _Window:
    """The rows of a picture that moves downwards under a window."""

    def __init__(self, bands: Iterator[NDArray[Any]]):
        self._bands, self._first, self._end = bands, 0, 0
        self._held: list[NDArray[Any]] = []

    def rows(self, first: int, end: int) -> NDArray[Any]:
        """Rows from `first` up to `end`; neither may go back."""
        while self._end < end:
            band = next(self._bands)
            self._held.append(band)
            self._end += len(band)
        while self._first + len(self._held[0]) <= first:
            self._first += len(self._held.pop(0))
        return np.concatenate(self._held)[first - self._first : end - self._first]
