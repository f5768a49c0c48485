"""Counts of an image block by block, in memory that does not grow with it.

Blocks are the units that are resampled where there are too few images, and the tiles of the failure gallery. Each is
read with a margin, so that outlines at its edge are compared with all that is near.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from ..quality.boundary import BAND_SHARE, inner_band, nearest, outline_pieces
from ..tiling import Tile
from .objects import ObjectMatches, match_objects
from .scored import ScoredImage
from .tallies import CONFIDENCE_BINS, REACH_PX, STEPS_PER_PIXEL, Floats, Tallies

SMALLEST, LARGEST = 64, 512  # sides of a block in pixels
_BLOCKS = 36  # that an image is cut into, at least, where their size allows
_BAND_PX = 8  # widest band of the boundary IoU


@dataclass(frozen=True, eq=False)
class BlockCounts:
    """What was counted in one image: the i-th part of `tallies` is `blocks[i]`. Blocks in which no pixel counts are
    left out."""

    image: ScoredImage
    blocks: tuple[Tile, ...]
    tallies: Tallies


def blocks_of(shape: tuple[int, int]) -> list[Tile]:
    """The blocks of an image of (H, W), row by row: nearly square, each pixel is in one."""
    side = min(LARGEST, max(SMALLEST, sqrt(shape[0] * shape[1] / _BLOCKS)))
    edges = [np.linspace(0, length, max(1, ceil(length / side - 0.01)) + 1).astype(int) for length in shape]
    return [
        Tile(int(x), int(y), int(right - x), int(bottom - y))
        for y, bottom in zip(edges[0], edges[0][1:], strict=False)
        for x, right in zip(edges[1], edges[1][1:], strict=False)
    ]


def count_blocks(image: ScoredImage, on_block: Callable[[], object] = bool) -> BlockCounts:
    """Count everything that scores need, in each block of an image; `on_block` is called after each."""
    blocks = blocks_of(image.shape)
    matches = match_objects(lambda tile: image.pair(tile)[:2], image.shape)
    objects = _objects(matches, blocks, len(image.classes))
    parts = []
    for block in blocks:
        parts.append(_count(image, block))
        on_block()
    kept = [i for i, part in enumerate(parts) if part[0].any() or objects[i].any()]
    pixels, bands, outlines, confidence = (np.stack([parts[i][k] for i in kept]) for k in range(4))
    return BlockCounts(
        image, tuple(blocks[i] for i in kept), Tallies(pixels, objects[kept], bands, outlines, confidence)
    )


def _count(image: ScoredImage, block: Tile) -> tuple[Floats, Floats, Floats, Floats]:
    """Pixels, bands, outlines and confidence of one block."""
    margin = REACH_PX
    window = _grown(block, margin).clipped(image.shape)
    predicted, reference, counted = image.pair(window)
    inner = Tile(block.x - window.x, block.y - window.y, block.width, block.height)
    here = inner.cut(counted)
    size = len(image.classes) + 1
    guess, known = inner.cut(predicted), inner.cut(reference)
    pixels = np.bincount(known[here].astype(int) * size + guess[here], minlength=size * size).reshape(size, size)
    width = min(_BAND_PX, max(1, round(BAND_SHARE * hypot(*image.shape))))
    bands, outlines = np.zeros((size - 1, 3)), np.zeros((size - 1, REACH_PX * STEPS_PER_PIXEL + 2))
    if here.any():
        for number in range(1, size):
            masks = predicted == number, reference == number
            one, other = (inner.cut(inner_band(mask, width)) & here for mask in masks)
            bands[number - 1] = [np.count_nonzero(x) for x in (one & other, one & ~other, other & ~one)]
            outlines[number - 1] = _outlines(masks, counted, window, block, image.shape)
    return pixels.astype(float), bands, outlines, _confidence(image, block, here, guess == known)


def _outlines(
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    counted: NDArray[np.bool_],
    window: Tile,
    block: Tile,
    shape: tuple[int, int],
) -> Floats:
    """Length by distance, of the outlines of both in `block`; `masks` and `counted` are of `window`."""
    pieces = [_pieces(mask, counted, window, shape) for mask in masks]
    lengths = np.zeros(REACH_PX * STEPS_PER_PIXEL + 2)
    origin = np.array([block.y - window.y, block.x - window.x])
    # a piece belongs to the pixel below and right of it; the last row and column of the image have those at the edge
    at_end = block.y + block.height == shape[0], block.x + block.width == shape[1]
    end = origin + np.array([block.height, block.width]) + at_end
    for (places, length), (others, _) in ((pieces[0], pieces[1]), (pieces[1], pieces[0])):
        mine = ((places >= origin) & (places < end)).all(axis=1)
        distance = nearest(places[mine], others)
        steps = np.minimum(np.ceil(distance * STEPS_PER_PIXEL - 1e-9), lengths.size - 1).astype(int)
        lengths += np.bincount(steps, length[mine], minlength=lengths.size)
    return lengths


def _pieces(
    mask: NDArray[np.bool_], counted: NDArray[np.bool_], window: Tile, shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """The pieces of a window's outline, without those that only the window's edge or uncounted pixels make."""
    places, lengths = outline_pieces(mask)
    edge = window.y > 0, window.y + window.height < shape[0], window.x > 0, window.x + window.width < shape[1]
    known = np.pad(counted, 1, constant_values=True)
    if edge[0]:
        known[0] = False
    if edge[1]:
        known[-1] = False
    if edge[2]:
        known[:, 0] = False
    if edge[3]:
        known[:, -1] = False
    rows, cols = places.astype(int).T
    kept = known[rows, cols] & known[rows + 1, cols] & known[rows, cols + 1] & known[rows + 1, cols + 1]
    return places[kept], lengths[kept]


def _confidence(image: ScoredImage, block: Tile, here: NDArray[np.bool_], right: NDArray[np.bool_]) -> Floats:
    sure = None if image.confidence is None else image.confidence(block)
    if sure is None:
        return np.zeros((CONFIDENCE_BINS, 3))
    values, right = sure[here].astype(np.float64), right[here]
    place = np.minimum((values * CONFIDENCE_BINS).astype(int), CONFIDENCE_BINS - 1)
    sums = [np.bincount(place, weights, minlength=CONFIDENCE_BINS) for weights in (None, values, right)]
    return np.stack(sums, axis=1).astype(float)


def _objects(matches: ObjectMatches, blocks: list[Tile], classes: int) -> Floats:
    """(blocks, classes, 4) found, extra, missed, sum of IoUs; an object counts in the block that has its centre."""
    counts = np.zeros((len(blocks), classes, 4))
    lefts, tops = sorted({b.x for b in blocks}), sorted({b.y for b in blocks})

    def block_of(centre: Floats) -> NDArray[np.intp]:
        column = np.searchsorted(lefts, centre[:, 0], side="right") - 1
        row = np.searchsorted(tops, centre[:, 1], side="right") - 1
        return row * len(lefts) + column

    sides = (
        (matches.known_class, matches.known_centre, matches.known_matched, 0),
        (matches.found_class, matches.found_centre, (matches.found_class > 0) & ~matches.found_matched, 1),
        (matches.known_class, matches.known_centre, (matches.known_class > 0) & ~matches.known_matched, 2),
    )
    for label_class, centre, chosen, kind in sides:
        np.add.at(counts[..., kind], (block_of(centre[chosen]), label_class[chosen] - 1), 1)
    matched = matches.known_matched
    place = block_of(matches.known_centre[matched]), matches.known_class[matched] - 1
    np.add.at(counts[..., 3], place, matches.iou[matched])
    return counts


def _grown(tile: Tile, by: int) -> Tile:
    return Tile(tile.x - by, tile.y - by, tile.width + 2 * by, tile.height + 2 * by)
