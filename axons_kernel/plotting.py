"""Pictures: overlays as PNG bytes and figures of tiles, curves and reports. Nothing here reads or writes files."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL import Image
from skimage.segmentation import find_boundaries

from .images import to_8bit
from .tiling import Tile

Colour = tuple[int, int, int]
PALETTE: tuple[Colour, ...] = (
    *((230, 159, 0), (86, 180, 233), (0, 158, 115)),
    *((204, 121, 167), (213, 94, 0), (240, 228, 66)),
)
MISSED, EXTRA = (213, 94, 0), (0, 114, 178)  # vermilion and blue: told apart by colour-blind eyes, too


def to_rgb(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """(H, W) or (H, W, C) of any type -> (H, W, 3) uint8 for looking at; channels beyond three are left out."""
    grey = to_8bit(pixels)
    if grey.ndim == 2 or grey.shape[2] < 3:
        plane = grey if grey.ndim == 2 else grey[..., 0]
        return np.repeat(plane[..., None], 3, axis=2)
    return grey[..., :3]


def overlay(
    pixels: NDArray[Any], mask: NDArray[np.integer], colours: Sequence[Colour], opacity: float = 0.35
) -> NDArray[np.uint8]:
    """Class `i + 1` of `mask` (H, W) tinted in `colours[i]` over `pixels`, with full-colour outlines: (H, W, 3)."""
    picture = to_rgb(pixels).astype(np.float32)
    edges = find_boundaries(mask, mode="inner")
    for number, colour in enumerate(colours, start=1):
        inside = mask == number
        picture[inside] = (1 - opacity) * picture[inside] + opacity * np.array(colour)
        picture[inside & edges] = colour
    return picture.astype(np.uint8)


def difference(pixels: NDArray[Any], predicted: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.uint8]:
    """Where a prediction is wrong: missed pixels vermilion, extra ones blue, wrong class purple: (H, W, 3)."""
    picture = to_rgb(pixels).astype(np.float32) * 0.6
    wrong_class = (predicted > 0) & (reference > 0) & (predicted != reference)
    for where, colour in (
        ((predicted == 0) & (reference > 0), MISSED),
        ((predicted > 0) & (reference == 0), EXTRA),
        (wrong_class, (204, 121, 167)),
    ):
        picture[where] = colour
    return picture.astype(np.uint8)


def png(picture: NDArray[np.uint8], max_side: int = 800) -> bytes:
    """PNG bytes of a (H, W) or (H, W, 3) picture, made smaller when a side is longer than `max_side` pixels."""
    image = Image.fromarray(picture)
    image.thumbnail((max_side, max_side), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def figure_png(figure: Figure) -> bytes:
    """PNG bytes of a figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
    return buffer.getvalue()


def data_uri(png_bytes: bytes) -> str:
    """A PNG as a `data:` address for a page that needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png_bytes).decode()


class NotebookFigure(Figure):
    """A figure that a notebook shows as a picture, with no plotting backend chosen."""

    def _repr_png_(self) -> bytes:
        return figure_png(self)


def new_figure(width: float, height: float) -> Figure:
    """A figure of (width, height) inches that no global state holds on to."""
    figure = NotebookFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def tiles_figure(picture: NDArray[np.uint8], scale: float, groups: Mapping[str, Sequence[Tile]]) -> Figure:
    """Tiles drawn over a picture that was made smaller by `scale`; each group of tiles has its colour."""
    figure = new_figure(7, 7 * picture.shape[0] / picture.shape[1])
    axes = figure.add_subplot()
    axes.imshow(picture)
    for number, (name, tiles) in enumerate(groups.items()):
        colour = np.array(PALETTE[number % len(PALETTE)]) / 255
        for i, t in enumerate(tiles):
            box = Rectangle((t.x * scale, t.y * scale), t.width * scale, t.height * scale)
            box.set(fill=True, facecolor=(*colour, 0.06), edgecolor=colour, linewidth=1.5)
            box.set_label(f"{name}: {len(tiles)} tiles" if i == 0 else None)
            axes.add_patch(box)
    axes.set_axis_off()
    axes.legend(loc="upper left", framealpha=0.9)
    return figure


def kept_figure(picture: NDArray[np.uint8], scale: float, kept: Sequence[Tile], dropped: Sequence[Tile]) -> Figure:
    """Kept tiles outlined on a picture that was made smaller by `scale`; where only dropped ones are, it is dimmed."""
    shown, covered = to_rgb(picture).copy(), [np.zeros(picture.shape[:2], bool) for _ in range(2)]
    for where, tiles in zip(covered, (dropped, kept), strict=True):
        for t in tiles:
            rows, columns = (
                slice(round(start * scale), round((start + length) * scale))
                for start, length in ((t.y, t.height), (t.x, t.width))
            )
            where[rows, columns] = True
    only_dropped = covered[0] & ~covered[1]
    shown[only_dropped] = (0.45 * shown[only_dropped] + 0.2 * np.array(MISSED)).astype(np.uint8)
    figure = new_figure(7, 7 * picture.shape[0] / picture.shape[1])
    axes = figure.add_subplot()
    axes.imshow(shown)
    for tiles, colour, name in ((dropped, MISSED, "dropped"), (kept, (0, 158, 115), "kept")):
        edge = np.array(colour) / 255
        for i, t in enumerate(tiles):
            box = Rectangle((t.x * scale, t.y * scale), t.width * scale, t.height * scale)
            box.set(fill=False, edgecolor=edge, linewidth=0.8 if name == "dropped" else 1.6)
            box.set_label(f"{name}: {len(tiles)} tile{'s' * (len(tiles) != 1)}" if i == 0 else None)
            axes.add_patch(box)
    axes.set_axis_off()
    axes.legend(loc="upper left", framealpha=0.9)
    return figure


def curves_figure(metrics: Sequence[Mapping[str, Any]], classes: Sequence[str], title: str = "") -> Figure:
    """Loss and validation Dice per epoch, from the lines of metrics.jsonl; the best epoch is marked."""
    figure = new_figure(9, 3.2)
    figure.suptitle(title, fontsize="medium")
    loss, dice = figure.subplots(1, 2)
    epochs = [m["epoch"] for m in metrics]
    marker = "o" if len(epochs) < 3 else ""
    loss.plot(epochs, [m["loss"] for m in metrics], label="training", marker=marker)
    loss.plot(epochs, [m["validation_loss"] for m in metrics], label="validation", marker=marker)
    for number, name in enumerate(classes):
        colour = np.array(PALETTE[number % len(PALETTE)]) / 255
        dice.plot(epochs, [m["validation_dice"][number] for m in metrics], label=name, color=colour, marker=marker)
    loss.set(title="loss (lower is better)", xlabel="epoch")
    dice.set(title="validation Dice (1 is perfect)", xlabel="epoch", ylim=(0, 1))
    for axes in (loss, dice):
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if metrics:
            best = max(metrics, key=lambda m: np.mean(m["validation_dice"]))["epoch"]
            axes.axvline(best, color="0.5", linestyle=":", zorder=0, label=f"best: epoch {best}")
        axes.legend()
    return figure
