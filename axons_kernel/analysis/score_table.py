"""The scores of a report as numbers: per class and per object, with intervals, as they are stored and printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..documents import Document
from .blocks import BlockCounts
from .statistics import bca_interval, leave_one_out, resampling_weights
from .tallies import (
    BOUNDARY_SCORES,
    OBJECT_SCORES,
    PIXEL_SCORES,
    Floats,
    Tallies,
    calibration_error,
    class_scores,
    foreground_scores,
    joined,
)

FOREGROUND = "all classes together"
FEWEST_IMAGES = 5  # from here on whole images are resampled
TOLERANCE_PX = 2
Score = float | None


class WorstTile(BaseModel):
    """A tile with many wrong pixels; (x, y) is its middle, in image pixels."""

    model_config = ConfigDict(frozen=True)
    image: str
    x: int
    y: int
    width: int
    height: int
    wrong: float
    dice: Score


class ScoreTable(Document):
    """predictions/<image>/<model>/report.json. A score with nothing to count is null.

    `intervals` holds (low, high) of 95 % per class and score; `resampled` says what was drawn for them. `confusion` are
    pixels, a row per class of the reference and a column per class of the prediction, background first.
    `calibration` are (pixels, mean confidence, share that is right) by confidence. Distances are in µm.
    """

    kind: ClassVar[str] = "report"
    image: str
    model: str
    scored_share: float
    pixels: dict[str, dict[str, Score]]
    objects: dict[str, dict[str, float | int | None]]
    outlines: dict[str, dict[str, Score]] = Field(default_factory=dict)
    intervals: dict[str, dict[str, tuple[float, float] | None]] = Field(default_factory=dict)
    resampled: str = ""
    tolerance_um: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    calibration: tuple[tuple[int, float, float], ...] = ()
    calibration_error: Score = None
    images: dict[str, dict[str, Score]] = Field(default_factory=dict)
    worst: tuple[WorstTile, ...] = ()
    made_with: dict[str, str] = Field(default_factory=dict)


def score_table(counts: Sequence[BlockCounts], model: str, made_with: dict[str, str] | None = None) -> ScoreTable:
    """Scores over all images together, and Dice of each; the images have the same classes."""
    classes = counts[0].image.classes
    pixel_um = max(c.image.pixel_size_um for c in counts)
    parts = [_in_pixels_of(c, pixel_um) for c in counts]
    blocks = joined(parts)
    units = joined([part.total() for part in parts]) if len(counts) >= FEWEST_IMAGES else blocks
    point, intervals = _with_intervals(blocks, units, pixel_um, classes)
    total = blocks.total()
    scored = sum(c.image.scored_pixels for c in counts)
    found = total.objects[0]
    return ScoreTable(
        image=", ".join(c.image.name for c in counts),
        model=model,
        scored_share=scored / sum(c.image.shape[0] * c.image.shape[1] for c in counts),
        pixels={name: {key: point[name][key] for key in PIXEL_SCORES} for name in (FOREGROUND, *classes)},
        objects={
            name: {
                **dict(zip(("found", "extra", "missed"), map(int, found[i]), strict=False)),
                **{key: point[name][key] for key in OBJECT_SCORES},
            }
            for i, name in enumerate(classes)
        },
        outlines={name: {key: point[name][key] for key in BOUNDARY_SCORES} for name in classes},
        intervals=intervals,
        resampled=_resampled(len(counts), len(units)),
        tolerance_um=TOLERANCE_PX * pixel_um,
        confusion=tuple(tuple(map(int, row)) for row in total.pixels[0]),
        calibration=_calibration(total),
        calibration_error=_finite(calibration_error(total.confidence)[0]),
        images=_per_image(counts, parts),
        worst=worst_tiles(counts),
        made_with=made_with or {},
    )


def _resampled(images: int, units: int) -> str:
    if images >= FEWEST_IMAGES:
        return (
            f"95 % intervals come from drawing whole images ({units}, with replacement): they tell how the scores "
            "would vary with other images like these."
        )
    what = "1 image" if images == 1 else f"{images} images"
    return (
        f"95 % intervals come from drawing blocks ({units}, with replacement), as {what} cannot tell how images "
        f"differ: they hold for tissue like this, not for another animal. From {FEWEST_IMAGES} images on, images are "
        "drawn."
    )


def _in_pixels_of(counts: BlockCounts, pixel_um: float) -> Tallies:
    """The tallies with distances between outlines in pixels of `pixel_um`, the coarsest of all images."""
    factor, tallies = counts.image.pixel_size_um / pixel_um, counts.tallies
    if math.isclose(factor, 1, rel_tol=1e-6):
        return tallies
    steps = np.ceil(np.arange(tallies.outlines.shape[-1] - 1) * factor - 1e-9).astype(int)
    outlines = np.zeros_like(tallies.outlines)
    for old, new in enumerate(steps):
        outlines[..., new] += tallies.outlines[..., old]
    outlines[..., -1] = tallies.outlines[..., -1]
    return Tallies(tallies.pixels, tallies.objects, tallies.bands, outlines, tallies.confidence)


def all_scores(tallies: Tallies, pixel_um: float, classes: Sequence[str]) -> dict[str, dict[str, Floats]]:
    """Class -> score -> (n,), with all classes together first."""
    scores = class_scores(tallies, pixel_um, TOLERANCE_PX)
    per_class = {name: {key: values[:, i] for key, values in scores.items()} for i, name in enumerate(classes)}
    return {FOREGROUND: foreground_scores(tallies), **per_class}


def _with_intervals(
    blocks: Tallies, units: Tallies, pixel_um: float, classes: Sequence[str]
) -> tuple[dict[str, dict[str, Score]], dict[str, dict[str, tuple[float, float] | None]]]:
    point = all_scores(blocks.total(), pixel_um, classes)
    drawn = all_scores(units.weighted(resampling_weights(len(units))), pixel_um, classes)
    left_out = all_scores(units.weighted(leave_one_out(len(units))), pixel_um, classes)
    values, intervals = {}, {}
    for name, scores in point.items():
        values[name] = {key: _finite(score[0]) for key, score in scores.items()}
        intervals[name] = {
            key: _pair(bca_interval(float(score[0]), drawn[name][key], left_out[name][key]))
            for key, score in scores.items()
        }
    return values, intervals


def _pair(interval: tuple[float, float]) -> tuple[float, float] | None:
    return interval if all(map(math.isfinite, interval)) else None


def _finite(value: float | np.float64) -> Score:
    return float(value) if math.isfinite(value) else None


def _calibration(total: Tallies) -> tuple[tuple[int, float, float], ...]:
    rows = total.confidence[0]
    return tuple((int(n), float(sure / n), float(right / n)) for n, sure, right in rows if n)


def _per_image(counts: Sequence[BlockCounts], parts: Sequence[Tallies]) -> dict[str, dict[str, Score]]:
    out: dict[str, dict[str, Score]] = {}
    for item, part in zip(counts, parts, strict=True):
        scores = all_scores(part.total(), item.image.pixel_size_um, item.image.classes)
        out[item.image.name] = {name: _finite(values["dice"][0]) for name, values in scores.items()}
    return out


def worst_tiles(counts: Sequence[BlockCounts], count: int = 4) -> tuple[WorstTile, ...]:
    """The tiles with the largest share of wrong pixels, the worst first; at least a quarter of a tile must count."""
    tiles = []
    for item in counts:
        pixels = item.tallies.pixels
        dice = foreground_scores(item.tallies)["dice"]
        for block, table, score in zip(item.blocks, pixels, dice, strict=True):
            wrong = 1 - float(np.trace(table)) / max(1.0, float(table.sum()))
            if table.sum() >= block.width * block.height / 4 and wrong > 0:
                middle = block.x + block.width // 2, block.y + block.height // 2
                place = {"x": middle[0], "y": middle[1], "width": block.width, "height": block.height}
                tiles.append(WorstTile(image=item.image.name, **place, wrong=wrong, dice=_finite(score)))
    return tuple(sorted(tiles, key=lambda tile: -tile.wrong)[:count])
