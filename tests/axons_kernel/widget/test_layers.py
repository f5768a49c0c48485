"""Windows of labels and predictions: what is drawn at a level is what the whole mask says."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from axons_kernel.annotations import Annotation, BoxLabel, PolygonLabel
from axons_kernel.pyramid import Pyramid
from axons_kernel.rasterize import class_mask
from axons_kernel.tiling import Tile
from axons_kernel.widget.layers import LabelOverlay, MaskOverlay, Window, encode_numbers, encode_pixels
from axons_kernel.widget.look import ChannelLook, Look

COLOURS = {"axon": (230, 159, 0), "myelin": (86, 180, 233)}
SHAPE = (300, 400)
RING = ((100.0, 50.0), (260.0, 80.0), (200.0, 240.0))
HOLE = ((150.0, 100.0), (200.0, 100.0), (180.0, 150.0))
ANNOTATION = Annotation(
    (
        BoxLabel(label_class="axon", centre=(60, 60), size=(80, 60)),
        PolygonLabel(label_class="myelin", regions=(RING, HOLE)),
        BoxLabel(label_class=None, centre=(300, 200), size=(50, 50)),
        BoxLabel(label_class="not of this project", centre=(300, 200), size=(50, 50)),
    )
)


@pytest.fixture
def labels() -> LabelOverlay:
    return LabelOverlay(ANNOTATION, COLOURS)


def test_tiles_of_the_finest_level_are_the_mask(labels: LabelOverlay) -> None:
    mask = class_mask(ANNOTATION, {"axon": 1, "myelin": 2}, SHAPE)
    for tile in (Tile(0, 0, 400, 300), Tile(90, 40, 64, 64), Tile(399, 299, 1, 1)):
        assert (labels.numbers(Window(tile, 0, 1.0), outline=False) == tile.cut(mask)).all()
    assert mask.max() == 2


def test_a_coarse_level_covers_the_same_area(labels: LabelOverlay) -> None:
    mask = class_mask(ANNOTATION, {"axon": 1, "myelin": 2}, SHAPE)
    coarse = labels.numbers(Window(Tile(0, 0, 100, 75), 2, 4.0), outline=False)
    for number in (1, 2):
        assert (coarse == number).mean() == pytest.approx((mask == number).mean(), rel=0.05)


def test_outlines_meet_across_tiles(labels: LabelOverlay) -> None:
    whole = labels.numbers(Window(Tile(0, 0, 400, 300), 0, 1.0), outline=True)
    left = labels.numbers(Window(Tile(0, 0, 180, 300), 0, 1.0), outline=True)
    right = labels.numbers(Window(Tile(180, 0, 220, 300), 0, 1.0), outline=True)
    assert (np.hstack([left, right]) == whole).all()
    filled = labels.numbers(Window(Tile(0, 0, 400, 300), 0, 1.0), outline=False)
    assert 0 < (whole > 0).sum() < (filled > 0).sum()
    assert (whole[whole > 0] == filled[whole > 0]).all()


def test_touching_objects_of_a_class_have_a_line_between_them() -> None:
    pair = [BoxLabel(label_class="axon", centre=(x, 50), size=(40, 40)) for x in (40, 80)]
    overlay = LabelOverlay(Annotation(tuple(pair)), COLOURS)
    drawn = overlay.numbers(Window(Tile(0, 0, 120, 100), 0, 1.0), outline=True)
    assert drawn[50, 60] == 1 and drawn[50, 40] == 0


def test_an_annotation_without_labels_draws_nothing() -> None:
    overlay = LabelOverlay(Annotation(), COLOURS)
    assert not overlay.numbers(Window(Tile(0, 0, 400, 300), 0, 1.0), outline=True).any()


def test_a_prediction_is_read_at_the_level_that_is_asked_for(make_pyramid: Callable[..., Pyramid]) -> None:
    mask = np.zeros((1200, 1000), np.uint8)
    mask[:600, 500:] = 2
    mask[600:] = 77  # a class that nobody knows
    overlay = MaskOverlay(make_pyramid(mask), "prediction", tuple(COLOURS.items()))
    for level, scale in ((0, 1.0), (1, 2.0), (3, 8.0)):  # 8.0 is in no level of the file
        size = Tile(0, 0, int(1000 / scale), int(1200 / scale))
        drawn = overlay.numbers(Window(size, level, scale), outline=False)
        half = drawn.shape[0] // 2
        assert (drawn[: half - 1, drawn.shape[1] // 2 + 1 :] == 2).all()
        assert not drawn[half + 1 :].any()


def test_class_numbers_become_colours_and_0_is_transparent() -> None:
    picture = encode_numbers(np.array([[0, 1], [2, 2]], np.uint8), list(COLOURS.values()))
    decoded = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGBA"))
    assert decoded[0, 0, 3] == 0
    assert decoded[0, 1].tolist() == [230, 159, 0, 255] and decoded[1, 0].tolist() == [86, 180, 233, 255]


def test_the_finest_level_of_a_grey_image_is_exact_and_others_are_small() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    grey = Look(channels=(ChannelLook(visible=True, colour="#ffffff", low=0, high=255),), gamma=1.0)
    exact, small = encode_pixels(pixels, grey, 0), encode_pixels(pixels, grey, 1)
    assert (np.asarray(Image.open(io.BytesIO(exact.data))) == pixels).all()
    assert (exact.type, small.type) == ("image/png", "image/jpeg") and len(small.data) < len(exact.data)
