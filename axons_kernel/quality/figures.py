"""Pictures of comparisons: where an annotation is wrong, close-ups, how a class of raters agrees, consensus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import AbstractPathEffect, withStroke
from numpy.typing import NDArray
from PIL import Image

from .. import plotting
from ..tiling import Tile
from .findings import COLOURS, MEANING, Finding

if TYPE_CHECKING:
    from .agreement import PairMatrix
    from .comparison import Comparison
    from .consensus import Consensus

MAX_NUMBERS = 20  # raters up to which each field of the matrix is written out
MAX_SIDE = 1600  # pixels of the picture
DIM = 0.75  # how bright the image is shown under the colours
_HATCH = {"wrong class": "///", "merged": "---"}  # as `painting.STRIPES`
MINE, THEIRS = "#ffffff", "#f0e442"
_HALO: list[AbstractPathEffect] = [withStroke(linewidth=3, foreground="black")]


def comparison_figure(comparison: Comparison, numbers: int) -> Figure:
    """The image with the findings painted on it, the first `numbers` of them numbered, and a legend with counts."""
    tile = comparison.tile
    picture = painted(comparison, tile, MAX_SIDE)
    figure = plotting.new_figure(10, 10 * tile.height / tile.width + 1.1)
    axes = figure.add_subplot()
    axes.imshow(picture, extent=_extent(tile), interpolation="antialiased")
    axes.set_axis_off()
    _badges(axes, comparison.findings[:numbers], radius=0.012 * max(tile.width, tile.height))
    counts = {kind: sum(f.kind == kind for f in comparison.findings) for kind in COLOURS}
    handles = [
        Patch(
            facecolor=_rgb(COLOURS[kind]),
            edgecolor="black",
            hatch=_HATCH.get(kind),
            label=f"{kind} ({counts[kind]}): {meaning}",
        )
        for kind, meaning in MEANING.items()
    ]
    title = f"{len(comparison.findings)} to look at" + (
        f"; the {numbers} largest have a number" if len(comparison.findings) > numbers else ", the largest first"
    )
    figure.legend(handles=handles, title=title, loc="outside lower center", ncols=2, frameon=False, fontsize=11)
    return figure


def painted(comparison: Comparison, window: Tile, max_side: int) -> NDArray[np.uint8]:
    """The image, dimmed, with the findings over it: (h, w, 3) uint8, made smaller when a side is over `max_side`."""
    grey = np.full((window.height, window.width), 90, np.uint8)
    inner = Tile(window.x - comparison.tile.x, window.y - comparison.tile.y, window.width, window.height)
    base = plotting.to_rgb(grey if comparison.image is None else inner.cut(comparison.image))
    below = Image.fromarray((base * DIM).astype(np.uint8)).convert("RGBA")
    below.alpha_composite(Image.fromarray(comparison.raster(window)))
    below.thumbnail((max_side, max_side), Image.Resampling.BOX)
    return np.asarray(below.convert("RGB"))


def close_ups_figure(comparison: Comparison, count: int) -> Figure:
    """The first `count` findings, each with the annotation's outline (white) and the reference's (yellow, dashed)."""
    shown = comparison.findings[:count]
    columns = min(4, max(1, len(shown)))
    rows = -(-max(1, len(shown)) // columns)
    figure = plotting.new_figure(3.1 * columns, 3.4 * rows + 0.5)
    for axes, finding in zip(
        figure.subplots(rows, columns, squeeze=False).flat, _padded(shown, rows * columns), strict=True
    ):
        axes.set_axis_off()
        if finding is not None:
            _close_up(axes, comparison, finding)
    lines = [
        Line2D([], [], color=MINE, linewidth=2, label="your outline", path_effects=_HALO),
        Line2D([], [], color=THEIRS, linewidth=2, linestyle="--", label="the reference", path_effects=_HALO),
    ]
    figure.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False, fontsize=11)
    return figure


def _padded(findings: Sequence[Finding], size: int) -> list[Finding | None]:
    return [*findings, *[None] * (size - len(findings))]


def _close_up(axes: Axes, comparison: Comparison, finding: Finding) -> None:
    window = _window(finding.box, comparison.tile)
    inner = Tile(window.x - comparison.tile.x, window.y - comparison.tile.y, window.width, window.height)
    grey = np.full((window.height, window.width), 90, np.uint8)
    axes.imshow(plotting.to_rgb(grey if comparison.image is None else inner.cut(comparison.image)))
    sides = (comparison.annotated, MINE, "-"), (comparison.reference, THEIRS, "--")
    for instances, colour, style in sides:
        ids = np.pad(inner.cut(instances.ids), 1)
        place = np.arange(ids.shape[1]) - 1, np.arange(ids.shape[0]) - 1
        concerned = {*finding.label_ids, *finding.reference_ids}
        for object_id in np.unique(ids[ids > 0]):
            if instances.classes[object_id - 1] in (finding.label_class, finding.given_class):
                width = 2.2 if instances.label_ids[object_id - 1] in concerned else 0.8
                lines = axes.contour(*place, ids == object_id, [0.5], colors=colour, linestyles=style, linewidths=width)
                halo: list[AbstractPathEffect] = [withStroke(linewidth=width + 1.2, foreground="black", alpha=0.6)]
                lines.set_path_effects(halo)
    axes.set(xlim=(-0.5, window.width - 0.5), ylim=(window.height - 0.5, -0.5))
    title = f"{finding.number}  {finding.label_class}: {finding.kind}"
    behind = (*_rgb(COLOURS[finding.kind]), 0.45)
    axes.set_title(title, fontsize=11, color="black", backgroundcolor=behind, parse_math=False)


def _window(box: Tile, limit: Tile) -> Tile:
    """A square around a box with some room, moved and cut to stay within `limit`."""
    side = max(box.width, box.height) * 3 // 2 + 24
    x, y = box.x + box.width // 2 - side // 2, box.y + box.height // 2 - side // 2
    x = max(limit.x, min(x, limit.x + limit.width - side))
    y = max(limit.y, min(y, limit.y + limit.height - side))
    return Tile(x, y, min(side, limit.width), min(side, limit.height))


def _badges(axes: Axes, findings: Sequence[Finding], radius: float) -> None:
    """Numbers beside what they stand for, each with a line to it, moved so that they do not cover each other."""
    taken: list[complex] = []
    for finding in findings:
        object_at, reach = complex(finding.x, finding.y), min(finding.box.width, finding.box.height) / 2
        # on an object with room for it, else beside it: up right, then around and farther out
        places = [object_at] if reach > 2.5 * radius else []
        for distance in (reach + 2 * radius, reach + 4 * radius, reach + 6 * radius):
            places += [object_at + distance * np.exp(1j * np.pi * turn / 4) for turn in (-1, -3, 1, 3, 0, 4, -2, 2)]
        inside = [p for p in places if _within(p, axes, radius)]
        free = [p for p in inside if all(abs(p - other) > 2.2 * radius for other in taken)]
        place = (free or inside or places)[0]
        taken.append(place)
        _badge(axes, finding, place)


def _within(place: complex, axes: Axes, radius: float) -> bool:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return left + radius < place.real < right - radius and top + radius < place.imag < bottom - radius


def _badge(axes: Axes, finding: Finding, place: complex) -> None:
    colour = _rgb(COLOURS[finding.kind])
    box = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": colour, "linewidth": 2}
    line = axes.plot([finding.x, place.real], [finding.y, place.imag], color="white", linewidth=1.5)
    line[0].set_path_effects(_HALO)
    text = str(finding.number)
    axes.text(place.real, place.imag, text, ha="center", va="center", fontsize=9, fontweight="bold", bbox=box)


def _extent(tile: Tile) -> tuple[float, float, float, float]:
    return (tile.x, tile.x + tile.width, tile.y + tile.height, tile.y)


def _rgb(colour: plotting.Colour) -> tuple[float, float, float]:
    return (colour[0] / 255, colour[1] / 255, colour[2] / 255)


def agreement_figure(matrix: PairMatrix) -> Figure:
    """The matrix of pairs as a coloured table, who agrees least with the others first."""
    order = [matrix.raters.index(name) for name in matrix.mean_of()]
    names = [matrix.raters[i] for i in order]
    values = np.where(np.eye(len(order), dtype=bool), np.nan, matrix.values[np.ix_(order, order)])
    low = np.floor(10 * float(np.nanmin(values))) / 10 if np.isfinite(values).any() else 0.0
    side = max(3.5, 0.45 * len(order) + 1.5)
    figure = plotting.new_figure(side + 1, side)
    axes = figure.add_subplot()
    shown = axes.imshow(values, cmap="cividis", vmin=low, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    if len(names) <= MAX_NUMBERS:
        for (row, col), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "white" if value < (low + 1) / 2 else "black"
                axes.text(col, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour)
    name = {"dice": "Dice", "iou": "IoU", "kappa": "kappa"}[matrix.score]
    figure.colorbar(shown, ax=axes, label=f"{name} of each pair (1: the same)", shrink=0.8)
    return figure


def consensus_figure(
    consensus: Consensus, image: NDArray[Any], colours: Sequence[plotting.Colour] = plotting.PALETTE
) -> Figure:
    """The consensus over the image, and how uncertain each pixel is."""
    figure = plotting.new_figure(11, 5.5 * image.shape[0] / image.shape[1] + 0.6)
    left, right = figure.subplots(1, 2)
    left.imshow(plotting.overlay(image, consensus.mask, colours))
    left.set_title("consensus")
    shown = right.imshow(consensus.uncertainty, cmap="magma", vmin=0, vmax=1)
    right.set_title("where you disagree")
    for axes in (left, right):
        axes.set_axis_off()
    figure.colorbar(shown, ax=right, label="0: all agree · 1: all answers equally often", shrink=0.8)
    return figure
