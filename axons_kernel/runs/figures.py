"""Figures of several runs: their curves in one, and the same tiles as each of them saw it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..plotting import Colour, new_figure
from ..storage import Store
from . import examples as stored
from .scores import best_epoch, mean_dice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = 4  # tiles
_TINT = 0.6  # of a class's colour over the image
# of runs: told apart by colour-blind eyes, too, and other ones than those of classes
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#555555", "#8c6d1f", "#4b0082", "#1fb5ad")
_SCALE = 3  # drawn larger, then made smaller: smooth lines

Metrics = Sequence[Mapping[str, Any]]


def curves(runs: Mapping[str, tuple[Sequence[str], Metrics]]) -> Figure:
    """Loss, mean Dice, and the Dice of each class; by run, its classes and its lines of metrics."""
    classes = list(dict.fromkeys(name for names, _ in runs.values() for name in names))
    more = classes if len(classes) > 1 else []
    rows = 1 + (len(more) + 1) // 2
    figure = new_figure(9, 2.9 * rows)
    axes = list(figure.subplots(rows, 2, squeeze=False).flat)
    for number, (name, (names, metrics)) in enumerate(runs.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        epochs = [m["epoch"] for m in metrics]
        how = {"color": colour, "marker": "o" if len(epochs) < 3 else ""}
        axes[0].plot(epochs, [m["validation_loss"] for m in metrics], label=name, **how)
        axes[0].plot(epochs, [m["loss"] for m in metrics], linestyle=":", **how)
        axes[1].plot(epochs, [mean_dice(m) for m in metrics], label=name, **how)
        if best := best_epoch(metrics):
            axes[1].plot([best["epoch"]], [mean_dice(best)], marker="*", markersize=11, color=colour)
        for place, of_class in zip(axes[2:], more, strict=False):
            if of_class in names:
                index = list(names).index(of_class)
                place.plot(epochs, [m["validation_dice"][index] for m in metrics], label=name, **how)
    _finish(axes, ["loss (solid: validation, dotted: training)", "mean validation Dice (★ best)", *more])
    return figure


def _finish(axes: Sequence[Axes], titles: Sequence[str]) -> None:
    for number, place in enumerate(axes):
        if number >= len(titles):
            place.set_axis_off()
            continue
        title = titles[number] if number < 2 else f"validation Dice of {titles[number]}"
        place.set_title(title, fontsize="medium", parse_math=False)
        place.set_xlabel("epoch")
        place.grid(alpha=0.3)
        place.xaxis.set_major_locator(MaxNLocator(integer=True))
        if number:
            place.set_ylim(0, 1)
    axes[0].legend()


# -- the same tiles -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CommonTile:
    """An image (h, w) uint8, its reference as RGBA (h, w, 4), and by run and epoch what was predicted, RGBA too."""

    image: NDArray[np.uint8]
    reference: NDArray[np.uint8]
    predictions: dict[str, tuple[int, NDArray[np.uint8]]]


def common_tiles(store: Store, best: Mapping[str, int]) -> list[CommonTile]:
    """Tiles that all runs have among their examples; of each run the epoch that was kept nearest to its best one."""
    found = {run: _tiles_of(store, run) for run in best}
    first, *others = found.values()
    same = [content for content in first if all(content in other for other in others)][:_SHOWN]
    epochs = {run: _nearest(stored.read_epochs(store, run), epoch) for run, epoch in best.items()}
    if not same or None in epochs.values():
        return []
    name = next(iter(best))
    return [
        CommonTile(
            picture_array(stored.read_picture(store, name, "image", first[content]), "L"),
            picture_array(stored.read_picture(store, name, "reference", first[content]), "RGBA"),
            {
                run: (epoch, picture_array(stored.read_picture(store, run, epoch, found[run][content]), "RGBA"))
                for run, epoch in epochs.items()
                if epoch is not None
            },
        )
        for content in same
    ]


def _tiles_of(store: Store, run: str) -> dict[str, int]:
    """The numbers of a run's tiles by the content of image and reference."""
    numbers = range(stored.count(store, run))
    kinds = ("image", "reference")
    return {
        hashlib.sha256(b"".join(stored.read_picture(store, run, kind, n) for kind in kinds)).hexdigest(): n
        for n in numbers
    }


def _nearest(epochs: Sequence[int], wanted: int) -> int | None:
    return min(epochs, key=lambda epoch: abs(epoch - wanted), default=None)


def picture_array(png: bytes, mode: str) -> NDArray[np.uint8]:
    """The pixels of a picture file, in one of Pillow's modes."""
    return np.asarray(Image.open(io.BytesIO(png)).convert(mode))


def examples(tiles: Sequence[CommonTile], colours: Mapping[str, Colour]) -> Figure | None:
    """A row per tile: image, reference, and a column per run. None without tiles."""
    if not tiles:
        return None
    runs = list(tiles[0].predictions)
    columns = 2 + len(runs)
    figure = new_figure(min(12.0, 2.1 * columns), 2.1 * len(tiles) + 0.5)
    grid = figure.subplots(len(tiles), columns, squeeze=False)
    titles = ["image", "reference", *(f"{run}\nepoch {tiles[0].predictions[run][0]}" for run in runs)]
    for row, tile in zip(grid, tiles, strict=True):
        over = [None, tile.reference, *(tile.predictions[run][1] for run in runs)]
        for axes, labels in zip(row, over, strict=True):
            axes.imshow(tinted(tile.image, labels), interpolation="nearest")
            axes.set_axis_off()
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize="small", parse_math=False)
    patches = [Patch(color=(r / 255, g / 255, b / 255)) for r, g, b in colours.values()]
    figure.legend(patches, list(colours), loc="outside lower center", ncols=len(colours), fontsize="small")
    return figure


def tinted(image: NDArray[np.uint8], labels: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """A grey image (h, w) as (h, w, 3), with the colours of `labels` (h, w, 4) over it where they are not clear."""
    picture = np.repeat(image[..., None], 3, axis=2).astype(np.float32)
    if labels is not None:
        inside = labels[..., 3] > 0
        picture[inside] = (1 - _TINT) * picture[inside] + _TINT * labels[..., :3][inside]
    return picture.astype(np.uint8)


# -- a small one --------------------------------------------------------------------------------------------------


def thumbnail(metrics: Metrics, colours: Sequence[Colour], size: tuple[int, int] = (160, 48)) -> NDArray[np.uint8]:
    """The Dice curves of a run, 0 at the bottom and 1 at the top, as a picture (h, w, 3)."""
    width, height = (side * _SCALE for side in size)
    picture = Image.new("RGB", (width, height), (246, 246, 246))
    draw = ImageDraw.Draw(picture)
    draw.line([(0, height // 2), (width, height // 2)], (215, 215, 215), _SCALE)
    step = width / max(1, len(metrics) - 1)
    for number, colour in enumerate(colours):
        values = [float(m["validation_dice"][number]) for m in metrics]
        points = [(i * step, (1 - min(1.0, value)) * (height - 1)) for i, value in enumerate(values)]
        if len(points) == 1:
            points.append((width / 6, points[0][1]))
        if points:
            draw.line(points, colour, 2 * _SCALE, joint="curve")
    return np.asarray(picture.resize(size, Image.Resampling.BOX))
