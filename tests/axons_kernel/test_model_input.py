"""What a model sees of an image: normalised channels at its pixel size, the same however it is cut."""

from __future__ import annotations

import numpy as np
import pytest

from axons_kernel import model_input
from axons_kernel.errors import InputError
from axons_kernel.images import to_grey
from axons_kernel.model_input import ModelInput
from axons_kernel.project import Project
from axons_kernel.project_image import ProjectImage
from axons_kernel.resampling import resample
from axons_kernel.tiling import Tile

RNG = np.random.default_rng(0)


def whole(seen: ModelInput) -> np.ndarray:
    return seen.window(Tile(0, 0, seen.shape[1], seen.shape[0]))


@pytest.fixture
def grey(project: Project) -> ProjectImage:
    return project.import_image(RNG.integers(0, 256, (120, 150), np.uint8), name="grey", pixel_size_um=0.1)


@pytest.fixture
def coloured(project: Project) -> ProjectImage:
    pixels = RNG.integers(0, 65536, (90, 700, 2)).astype(np.uint16)
    pixels[..., 1] = pixels[..., 1] // 50 + 7
    return project.import_image(pixels, name="coloured", pixel_size_um=0.2)


def test_at_its_own_pixel_size_an_image_is_as_to_grey_gives_it(grey: ProjectImage, coloured: ProjectImage) -> None:
    for image in (grey, coloured):
        seen = whole(ModelInput(image, image.pixel_size_um))
        assert seen.dtype == np.float32
        np.testing.assert_allclose(seen[0], to_grey(image.pixels()), atol=2e-6)


def test_each_channel_has_mean_0_and_deviation_1_in_the_order_asked_for(coloured: ProjectImage) -> None:
    seen = whole(ModelInput(coloured, 0.2, ("1", "grey", "0")))
    assert seen.shape == (3, 90, 700)
    np.testing.assert_allclose(seen.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(axis=(1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(seen[2], to_grey(coloured.pixels()[..., 0]), atol=2e-6)
    np.testing.assert_allclose(seen[0], to_grey(coloured.pixels()[..., 1]), atol=2e-6)


@pytest.mark.parametrize("pixel_size_um", [0.1, 0.037, 0.15, 0.2, 0.73])
def test_a_pixel_does_not_depend_on_its_window(grey: ProjectImage, pixel_size_um: float) -> None:
    seen = ModelInput(grey, pixel_size_um)
    every = whole(seen)
    assert every.shape == (1, *seen.shape) and seen.shape == tuple(round(n * 0.1 / pixel_size_um) for n in (120, 150))
    for _ in range(20):
        x, y = int(RNG.integers(seen.shape[1])), int(RNG.integers(seen.shape[0]))
        tile = Tile(x, y, int(RNG.integers(1, seen.shape[1] - x + 1)), int(RNG.integers(1, seen.shape[0] - y + 1)))
        np.testing.assert_allclose(seen.window(tile), every[:, y : y + tile.height, x : x + tile.width], atol=1e-6)


@pytest.mark.parametrize("factor", [1.5, 3.0, 8.0])
def test_structures_stay_where_they_are(project: Project, factor: float) -> None:
    """Also where a coarser level of an image with odd sides is read."""
    rows, cols = np.indices((1201, 1101)) + 0.5
    blob = 200 * np.exp(-((rows - 700) ** 2 + (cols - 300) ** 2) / 5000)
    image = project.import_image(blob.astype(np.uint8), pixel_size_um=0.1)
    seen = whole(ModelInput(image, 0.1 * factor))[0]
    light = np.maximum(0, seen - seen.min() - 0.3)
    rows, cols = (
        (axis + 0.5) * old / new for axis, old, new in zip(np.indices(seen.shape), image.shape, seen.shape, strict=True)
    )
    centre = [float((axis * light).sum() / light.sum()) for axis in (rows, cols)]
    assert centre == pytest.approx([700, 300], abs=0.5)
    expected = resample(to_grey(image.pixels()), seen.shape)
    assert np.abs(seen - expected).max() < 0.06 * np.ptp(expected)


def test_making_it_smaller_does_not_alias(project: Project) -> None:
    stripes = project.import_image(np.tile(np.uint8([0, 255]), (64, 64)), pixel_size_um=0.1)
    inside = whole(ModelInput(stripes, 0.4))[..., 1:-1]  # beyond the edge the last stripe goes on
    assert inside.std() < 0.02


def test_a_flat_image_gives_zeros(project: Project) -> None:
    flat = project.import_image(np.full((40, 50), 77, np.uint8), pixel_size_um=0.1)
    assert not whole(ModelInput(flat, 0.1)).any()


def test_of_a_large_image_a_grid_of_windows_tells_mean_and_deviation(
    grey: ProjectImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = whole(ModelInput(grey, 0.1))
    monkeypatch.setattr(model_input, "_WINDOW", 10)  # 12 x 15 windows, of which 8 x 8 are read
    tiles = list(model_input._sample(grey.shape))
    assert len(tiles) == 64 and len(set(tiles)) == 64
    assert {tile.x for tile in tiles} >= {0, 140} and {tile.y for tile in tiles} >= {0, 110}
    sampled = whole(ModelInput(grey, 0.1))
    assert not np.array_equal(sampled, exact) and np.abs(sampled - exact).max() < 0.1


def test_names_of_channels(project: Project, grey: ProjectImage, coloured: ProjectImage) -> None:
    rgb = project.import_image(RNG.integers(0, 256, (20, 30, 3), np.uint8), name="rgb", pixel_size_um=0.1)
    assert model_input.channel_names(rgb) == ("R", "G", "B")
    np.testing.assert_allclose(whole(ModelInput(rgb, 0.1, ("G",)))[0], to_grey(rgb.pixels()[..., 1]), atol=2e-6)
    with pytest.raises(
        InputError, match=r"Image 'coloured' has no channel 'DAPI'; it has '0', '1', 'grey', of which.*\['0', 'DAPI'\]"
    ):
        ModelInput(coloured, 0.2, ("0", "DAPI"))
    with pytest.raises(InputError, match="no channel chosen"):
        ModelInput(grey, 0.1, ())


def test_a_window_outside_is_refused(grey: ProjectImage) -> None:
    for tile in (Tile(140, 0, 20, 10), Tile(-1, 0, 5, 5), Tile(0, 0, 0, 5)):
        with pytest.raises(InputError, match="is not inside 'grey', 150 x 120 pixels"):
            ModelInput(grey, 0.1).window(tile)
