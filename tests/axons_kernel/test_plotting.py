"""Pictures: right colours at right pixels, sizes that are promised, no global state."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from axons_kernel import plotting
from axons_kernel.tiling import Tile

GREY = np.full((40, 60), 100, np.uint8)
MASK = np.zeros((40, 60), np.uint8)
MASK[10:20, 10:20] = 1
MASK[10:20, 30:40] = 2


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 2), (4, 5, 3), (4, 5, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_to_rgb(shape: tuple[int, ...], dtype: type) -> None:
    rgb = plotting.to_rgb(np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    assert rgb.shape == (4, 5, 3) and rgb.dtype == np.uint8
    assert (len(shape) == 3 and shape[2] >= 3) or (rgb[..., 0] == rgb[..., 2]).all()


def test_overlay_tints_inside_outlines_edges_and_leaves_the_rest() -> None:
    picture = plotting.overlay(GREY, MASK, [(255, 0, 0), (0, 0, 255)], opacity=0.5)
    assert picture[0, 0].tolist() == [100, 100, 100]
    assert picture[15, 15].tolist() == [177, 50, 50] and picture[15, 35].tolist() == [50, 50, 177]
    assert picture[10, 10].tolist() == [255, 0, 0]
    assert (GREY == 100).all()


def test_difference_colours() -> None:
    predicted = np.zeros_like(MASK)
    predicted[10:20, 30:40] = 1
    predicted[30:35, 0:5] = 1
    picture = plotting.difference(GREY, predicted, MASK)
    assert tuple(picture[15, 15]) == plotting.MISSED and tuple(picture[32, 2]) == plotting.EXTRA
    assert tuple(picture[15, 35]) not in (plotting.MISSED, plotting.EXTRA, (60, 60, 60))
    assert picture[0, 0].tolist() == [60, 60, 60]


@pytest.mark.parametrize(("side", "expected"), [(800, (60, 40)), (30, (30, 20))])
def test_png_size(side: int, expected: tuple[int, int]) -> None:
    assert Image.open(io.BytesIO(plotting.png(GREY, side))).size == expected


def test_data_uri() -> None:
    head, _, body = plotting.data_uri(b"\x89PNG").partition(",")
    assert head == "data:image/png;base64" and base64.b64decode(body) == b"\x89PNG"


def test_palette_colours_differ() -> None:
    assert len(set(plotting.PALETTE)) == len(plotting.PALETTE) >= 6


def test_tiles_figure() -> None:
    figure = plotting.tiles_figure(
        plotting.to_rgb(GREY), 0.5, {"train": [Tile(0, 0, 40, 40)] * 2, "test": [Tile(40, 0, 80, 40)]}
    )
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["train: 2 tiles", "test: 1 tiles"]
    assert axes.patches[2].get_bbox().bounds == (20, 0, 40, 20)
    assert plotting.figure_png(figure)[:4] == b"\x89PNG"


@pytest.mark.parametrize("epochs", [0, 1, 5])
def test_curves_figure(epochs: int) -> None:
    metrics = [
        {"epoch": n, "loss": 1 / n, "validation_loss": 1, "validation_dice": [0.5, 0.6]} for n in range(1, epochs + 1)
    ]
    figure = plotting.curves_figure(metrics, ["axon", "myelin"])
    loss, dice = figure.axes
    assert [line.get_label() for line in dice.lines] == ["axon", "myelin", *["best: epoch 1"] * (epochs > 0)]
    assert len(loss.lines[0].get_xdata()) == epochs
    assert len(plotting.figure_png(figure)) > 1000


def test_figures_are_not_held_by_pyplot() -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    plotting.new_figure(2, 2)
    assert plt.get_fignums() == before
