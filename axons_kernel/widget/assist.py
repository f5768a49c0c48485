"""Help with drawing that needs no trained weights: magic wand, superpixels, GrabCut, threshold, watershed.

Pixels are those of a tile, (h, w) or (h, w, C) in the image's own type; masks are (h, w) bool. Parts of scikit-image
are loaded where they are used, as the widget's first picture would wait for them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label

from ..errors import InputError, needs_extra
from . import ink
from .placed import Mask

Pixels = NDArray[Any]
Parts = NDArray[np.int32]  # 0: none, else the number of a part, from 1
_ROUNDS = 3  # of GrabCut
_AREA = 350**2  # pixels that GrabCut works on: a larger box is made smaller for it, as it takes seconds
_MARGIN = 0.5  # GrabCut sees this share of the box around it as background
_CORE, _LIKELY = 0.3, 0.85  # of the ellipse that fills the box: what is the object for sure, and what it likely is
_PLACE = 80  # how much the distance from the box's middle counts, beside 200 for the pixel's values
_SMOOTH = 1.5  # pixels
_SQUARE = 25.0  # SLIC's compactness is for values of 0..100; noisy ones of 0..1 need it a little larger than a 100th


def wand(pixels: Pixels, seed: tuple[int, int], tolerance: float, *, connected: bool) -> Mask:
    """The pixels that differ from pixel `seed` (column, row) by at most `tolerance` percent of the tile's range.

    All channels count, without their noise; `connected` keeps what hangs together with the seed.
    """
    channels = pixels.reshape(*pixels.shape[:2], -1)
    span = channels.max(axis=(0, 1)).astype(np.float32) - channels.min(axis=(0, 1))
    values = _without_noise(channels).astype(np.float32)
    difference = np.abs(values - values[seed[1], seed[0]]) / np.where(span > 0, span, 1)
    like = difference.max(axis=2) <= tolerance / 100
    return ink.fill(like, seed) if connected else like


def superpixels(pixels: Pixels, size: int, compactness: float) -> NDArray[np.uint32]:
    """SLIC superpixels of about `size` x `size` pixels, numbered from 1. Shape: (h, w) uint32.

    A larger `compactness` makes them squarer; 10 suits most images, also those with noise.
    """
    from skimage.segmentation import slic

    stretched = _stretched(pixels)
    count = max(1, round(pixels.shape[0] * pixels.shape[1] / size**2))
    axis = -1 if stretched.ndim == 3 else None
    found = slic(
        stretched,
        n_segments=count,
        compactness=compactness / _SQUARE,
        sigma=1.0,
        start_label=1,
        channel_axis=axis,
        convert2lab=False,
    )
    return np.asarray(found, dtype=np.uint32)


def _stretched(pixels: Pixels) -> NDArray[np.float32]:
    """Values as 0..1 between the 0.5 and 99.5 percentiles."""
    low, high = np.percentile(pixels, (0.5, 99.5))
    stretched = (pixels.astype(np.float32) - low) / max(float(high - low), 1e-9)
    return np.asarray(np.clip(stretched, 0, 1), dtype=np.float32)


def _brightness(pixels: Pixels) -> NDArray[np.float32]:
    """The mean of the channels, in the image's own values."""
    values = pixels.astype(np.float32)
    return np.asarray(values.mean(axis=2) if values.ndim == 3 else values)


def grabcut(pixels: Pixels, box: tuple[int, int, int, int]) -> Mask:
    """The object in the middle of `box` (x, y, width, height, from the tile's corner), told from what is around it.

    It is one piece without holes. Raises InputError when the box is tiny, MissingExtraError when OpenCV is not
    installed.
    """
    with needs_extra("train", "GrabCut"):
        import cv2

    x, y, w, h = box
    if w < 3 or h < 3:
        raise InputError("The box is tiny: draw it around one object.")
    height, width = pixels.shape[:2]
    left, top = max(0, x - round(w * _MARGIN)), max(0, y - round(h * _MARGIN))
    right, bottom = min(width, x + w + round(w * _MARGIN)), min(height, y + h + round(h * _MARGIN))
    shape = (bottom - top, right - left)
    step = max(1.0, math.sqrt(shape[0] * shape[1] / _AREA))
    small = tuple(max(3, round(side / step)) for side in shape)
    seen = cv2.resize(
        _two_values(_stretched(pixels)[top:bottom, left:right]), small[::-1], interpolation=cv2.INTER_AREA
    )
    rows, columns = ((np.arange(n) + 0.5) * side / n for n, side in zip(small, shape, strict=True))
    off_x, off_y = (columns - (x - left) - w / 2) / (w / 2), (rows - (y - top) - h / 2) / (h / 2)
    radius = np.hypot(off_x[None, :], off_y[:, None])  # 1 on the ellipse that fills the box
    inside = (np.abs(off_y) < 1)[:, None] & (np.abs(off_x) < 1)[None, :]
    # The place counts beside the pixel's values: in tissue, what lies around an object is often as bright as it is.
    picture = np.dstack([seen * 200, np.minimum(radius * _PLACE, 255)]).astype(np.uint8)
    known = np.select([radius < _CORE, inside & (radius < _LIKELY), inside], [cv2.GC_FGD, cv2.GC_PR_FGD, cv2.GC_PR_BGD])
    known = known.astype(np.uint8)  # 0 is background for sure
    cv2.setRNGSeed(0)  # the same box gives the same object
    models = np.zeros((1, 65), np.float64), np.zeros((1, 65), np.float64)
    cv2.grabCut(picture, known, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = _one_piece((known == cv2.GC_FGD) | (known == cv2.GC_PR_FGD), radius < _CORE).astype(np.float32)
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = cv2.resize(found, shape[::-1], interpolation=cv2.INTER_LINEAR) >= 0.5
    return mask


def _two_values(part: Pixels) -> NDArray[np.float32]:
    """(h, w, 2) in 0..1: what tells the pixels apart most, of all channels, as they are and smoothed."""
    channels = part.reshape(*part.shape[:2], -1)
    smooth = ndimage.gaussian_filter(channels, (_SMOOTH, _SMOOTH, 0))
    values = np.concatenate([channels, smooth], axis=2).reshape(-1, 2 * channels.shape[2])
    values -= values.mean(axis=0)
    directions = np.linalg.svd(values.T @ values)[0]
    two = (values @ directions[:, :2]).reshape(*part.shape[:2], 2)
    low, high = np.percentile(two, (0.5, 99.5), axis=(0, 1))
    return np.asarray(np.clip((two - low) / max(float((high - low).max()), 1e-9), 0, 1), dtype=np.float32)


def _one_piece(found: Mask, core: Mask) -> Mask:
    """The piece that holds the core, without what hangs on it by a thread and without holes."""
    pieces = label(ndimage.binary_opening(found) | core, connectivity=1)
    return np.asarray(ndimage.binary_fill_holes(pieces == np.bincount(pieces[core]).argmax()))


def _without_noise(pixels: Pixels) -> Pixels:
    """The median of 3 x 3 pixels in each channel: edges and flat areas stay, single pixels that stand out go."""
    return np.asarray(ndimage.median_filter(pixels, (3, 3, 1)[: pixels.ndim]))


def threshold(pixels: Pixels, *, value: float | None, brighter: bool) -> Mask:
    """Pixels brighter (or darker) than `value` once noise is taken away; without one, Otsu's.

    Raises InputError on pixels of one value.
    """
    grey = _brightness(_without_noise(pixels))
    if value is None:
        if grey.min() == grey.max():
            raise InputError("All pixels here have the same value, so there is nothing to tell apart: choose an area.")
        from skimage.filters import threshold_otsu

        value = float(threshold_otsu(grey))
    return np.asarray(grey > value if brighter else grey <= value)


def objects(mask: Mask, *, separate: bool, min_area: int = 1) -> Parts:
    """Objects of a mask, numbered from 1 without gaps; smaller ones than `min_area` pixels are left out.

    Pixels hang together over sides and corners. `separate` parts touching objects at their waists by a watershed of
    the distance to the background.
    """
    parts = np.asarray(label(mask, connectivity=2), dtype=np.int32)
    if separate and parts.any():
        from skimage.feature import peak_local_max
        from skimage.segmentation import watershed

        distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1], 1.0)
        least = max(3, round(float(np.median(ndimage.maximum(distance, parts, range(1, parts.max() + 1))) / 2)))
        peaks = peak_local_max(distance, min_distance=least, labels=parts, exclude_border=False)
        markers = np.zeros(mask.shape, np.int32)
        markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        parts = np.asarray(watershed(-distance, markers, mask=mask), dtype=np.int32)
    areas = np.bincount(parts.ravel())
    kept = np.flatnonzero(areas >= min_area)
    number = np.zeros(len(areas), np.int32)
    number[kept[kept > 0]] = np.arange(1, (kept > 0).sum() + 1)
    return np.asarray(number[parts])


def knife(mask: Mask, line: Mask) -> Parts:
    """A mask cut along a line: its parts, numbered from 1; the line's own pixels go to the nearest part."""
    parts = np.asarray(label(mask & ~line, connectivity=1), dtype=np.int32)
    if not parts.any():
        return parts
    nearest = ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    return np.where(mask, parts[tuple(nearest)], 0).astype(np.int32)
