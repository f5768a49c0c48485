"""Pictures of a report: where it is wrong, what is mixed up, how sure it is, and the worst tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from .. import plotting
from ..project_image import ProjectImage
from ..tiling import Tile
from .fibre_agreement import FibreAgreement
from .score_table import ScoreTable, WorstTile
from .scored import Classes, ScoredImage

SIDE = 1400  # pixels of an overview
TILE_SIDE = 160  # pixels, at least, that are shown of a bad tile
WRONG = "missed (red), extra (blue), wrong class (pink)"
_BLUE, _RED = "#0072b2", "#d55e00"


def overview_figure(scored: ScoredImage, image: ProjectImage, model: str) -> Figure:
    """An image, its reference, its prediction, and where they differ; a large image is shown smaller."""
    predicted, reference = sampled(scored, SIDE)
    pixels = _picture(image, predicted.shape)
    figure = plotting.new_figure(11, 11 * image.shape[0] / image.shape[1] + 0.5)
    pictures = _four(pixels, predicted, reference, _colours(image, scored), model)
    extent = (0, image.shape[1], image.shape[0], 0)
    for axes, (title, picture) in zip(figure.subplots(2, 2).flat, pictures.items(), strict=True):
        axes.imshow(picture, extent=extent)
        axes.set_title(title, parse_math=False)
        axes.set_axis_off()
    return figure


def sampled(scored: ScoredImage, side: int) -> tuple[Classes, Classes]:
    """Predicted and reference classes of every n-th pixel, so that no side is longer than `side`; read by strips."""
    step = max(1, -(-max(scored.shape) // side))
    strips = [
        [mask[::step, ::step] for mask in scored.pair(Tile(0, y, scored.shape[1], 16 * step).clipped(scored.shape))[:2]]
        for y in range(0, scored.shape[0], 16 * step)
    ]
    predicted, reference = (np.concatenate([strip[i] for strip in strips]) for i in range(2))
    return predicted, reference


def _picture(image: ProjectImage, shape: tuple[int, ...]) -> NDArray[Any]:
    """The image (h, w, 3) at the size of what is shown over it."""
    if shape == image.shape:
        return plotting.to_rgb(image.pixels())
    preview = Image.fromarray(plotting.to_rgb(image.preview(labels=False)))
    return np.asarray(preview.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def _four(
    pixels: NDArray[Any], predicted: Classes, reference: Classes, colours: list[plotting.Colour], model: str
) -> dict[str, NDArray[np.uint8]]:
    return {
        "image": plotting.to_rgb(pixels),
        "annotation": plotting.overlay(pixels, reference, colours),
        f"prediction of {model}": plotting.overlay(pixels, predicted, colours),
        WRONG: plotting.difference(pixels, predicted, reference),
    }


def _colours(image: ProjectImage, scored: ScoredImage) -> list[plotting.Colour]:
    spare = plotting.PALETTE
    return [image.colours.get(name, spare[i % len(spare)]) for i, name in enumerate(scored.classes)]


def confusion_figure(scores: ScoreTable) -> Figure:
    """The confusion matrix in percent of each reference class: rows are the reference, columns the prediction."""
    table = np.array(scores.confusion, dtype=float)
    names = ["background", *scores.objects]
    whole = table.sum(axis=1, keepdims=True)
    share = np.divide(table, whole, out=np.zeros_like(table), where=whole > 0)
    side = 1.1 * len(names) + 1.6
    figure = plotting.new_figure(side + 0.6, side)
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, parse_math=False, rotation=20)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set(xlabel="prediction", ylabel="labels")
    for (row, col), value in np.ndenumerate(share):
        percent = f"{100 * value:.1f} %" if whole[row, 0] else "–"
        colour = "white" if value > 0.5 else "black"
        axes.text(col, row, percent, ha="center", va="center", color=colour, fontsize=11)
    return figure


def calibration_figure(scores: ScoreTable) -> Figure:
    """The reliability diagram: how often the model is right by how sure it is; below, how many pixels that are."""
    figure = plotting.new_figure(4.6, 4.8)
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    upper.plot([0, 1], [0, 1], color="grey", linestyle="--", label="as sure as right")
    if scores.calibration:
        count, sure, right = np.array(scores.calibration).T
        upper.plot(sure, right, marker="o", color=_BLUE, label="model")
        lower.bar(sure, count / count.sum(), width=0.05, color=_BLUE)
    upper.set(ylabel="share that is right", ylim=(0, 1), xlim=(0, 1))
    upper.set_title(f"calibration error {scores.calibration_error or 0:.3f}", fontsize=11)
    upper.legend(loc="upper left")
    lower.set(xlabel="how sure the model is", ylabel="pixels", ylim=(0, 1))
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
    return figure


def gallery_figure(tiles: Sequence[tuple[WorstTile, ScoredImage, ProjectImage]], model: str) -> Figure:
    """A row per tile, the worst first: image, reference, prediction, difference; the title tells score and place."""
    figure = plotting.new_figure(9, 2.45 * max(1, len(tiles)))
    if not tiles:
        figure.text(0.5, 0.5, "Nothing is wrong.", ha="center", fontsize=14)
        return figure
    grid = figure.subplots(len(tiles), 4, squeeze=False)
    for row, (number, (tile, scored, image)) in zip(grid, enumerate(tiles, start=1), strict=True):
        window = _around(tile, image.shape)
        predicted, reference, _ = scored.pair(window)
        pictures = _four(image.read(window), predicted, reference, _colours(image, scored), model)
        for axes, (title, picture) in zip(row, pictures.items(), strict=True):
            axes.imshow(picture)
            axes.set_axis_off()
            axes.set_title("difference" if title == WRONG else title, fontsize=10, parse_math=False)
        row[0].set_title(
            f"{number}  {tile.image} x {tile.x}, y {tile.y}", fontsize=10, fontweight="bold", parse_math=False
        )
        row[3].set_title(f"{100 * tile.wrong:.0f} % of the pixels wrong", fontsize=10)
    return figure


def _around(tile: WorstTile, shape: tuple[int, int]) -> Tile:
    """A window of a sensible size around the tile's middle, inside the image."""
    sides = [min(max(side, TILE_SIDE), whole) for side, whole in ((tile.width, shape[1]), (tile.height, shape[0]))]
    corner = [
        max(0, min(at - side // 2, whole - side))
        for at, side, whole in ((tile.x, sides[0], shape[1]), (tile.y, sides[1], shape[0]))
    ]
    return Tile(corner[0], corner[1], sides[0], sides[1])


def agreement_figure(agreement: FibreAgreement) -> Figure:
    """Bland and Altman's plots: the difference of each fibre by the mean of both, with bias and limits."""
    figure = plotting.new_figure(10, 3.6)
    names = {"axon_diameter_um": "axon diameter (µm)", "g_ratio": "g-ratio"}
    for axes, (key, name) in zip(figure.subplots(1, 2), names.items(), strict=True):
        predicted, reference = agreement.values[key]
        limits = agreement.bland_altman[key]
        axes.scatter((predicted + reference) / 2, predicted - reference, s=10, color=_BLUE, alpha=0.5, linewidths=0)
        for value, style, label in (
            (limits.bias, "-", f"bias {limits.bias:+.3f}"),
            (limits.lower, "--", f"limits {limits.lower:+.3f}, {limits.upper:+.3f}"),
            (limits.upper, "--", None),
        ):
            axes.axhline(value, color=_RED, linestyle=style, label=label)
        axes.set(xlabel=f"{name}, mean of both", ylabel="prediction - labels")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=9)
    return figure
