"""The OME-TIFF that is written: levels, layout and metadata, read back with tifffile and zarr."""

from __future__ import annotations

import io
import itertools
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel.ome_tiff import TILE, encoded_ome_tiff, every_second, level_shapes, mean_of_four
from axons_kernel.picture import array_picture

RNG = np.random.default_rng(0)


def encoded(pixels: NDArray[Any], *, categorical: bool = False, **facts: Any) -> bytes:
    rgb = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
    return encoded_ome_tiff(array_picture(pixels, rgb=rgb, **facts), 0.13, categorical=categorical)


def levels(data: bytes) -> list[NDArray[Any]]:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return [np.asarray(level.asarray()) for level in file.series[0].levels]


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_levels_halve_until_one_tile_holds_them(height: int, width: int) -> None:
    shapes = level_shapes((height, width))
    assert shapes[0] == (height, width)
    assert all((h // 2, w // 2) == after for (h, w), after in itertools.pairwise(shapes))
    assert max(shapes[-1]) <= TILE or min(shapes[-1]) < 2
    assert all(max(shape) > TILE for shape in shapes[:-1])


@pytest.mark.parametrize("shape", [(1300, 700), (1024, 1024), (513, 1), (1, 2000), (1537, 1025), (600, 511)])
@pytest.mark.parametrize("rest", [(), (3,), (2,)], ids=["grey", "RGB", "two channels"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_every_level_is_the_mean_of_the_one_before(shape: tuple[int, int], rest: tuple[int, ...], dtype: str) -> None:
    pixels = RNG.integers(0, 256, (*shape, *rest)).astype(dtype)
    found = levels(encoded(pixels))
    if rest == (2,) or (rest == (3,) and dtype != "uint8"):  # planes, not colours
        found = [np.moveaxis(level, 0, 2) for level in found]
    assert [level.shape[:2] for level in found] == level_shapes(shape)
    np.testing.assert_array_equal(found[0], pixels)
    for fine, coarse in itertools.pairwise(found):
        np.testing.assert_array_equal(coarse, mean_of_four(fine))


def test_means_are_rounded_and_do_not_overflow() -> None:
    assert mean_of_four(np.uint8([[255, 255], [255, 254]])).tolist() == [[255]]
    assert mean_of_four(np.uint16([[65535, 65535], [65535, 65535]])).tolist() == [[65535]]
    assert mean_of_four(np.uint8([[0, 1], [1, 1]])).tolist() == [[1]]
    assert mean_of_four(np.float32([[0, 1], [1, 1]])).tolist() == [[0.75]]


def test_class_numbers_never_mix() -> None:
    pixels = RNG.choice(np.uint8([0, 4, 9]), (1300, 700))
    found = levels(encoded(pixels, categorical=True))
    for fine, coarse in itertools.pairwise(found):
        np.testing.assert_array_equal(coarse, every_second(fine))


@pytest.mark.parametrize("rest", [(), (3,), (2,)], ids=["grey", "RGB", "two channels"])
def test_layout_of_every_page(rest: tuple[int, ...]) -> None:
    with tifffile.TiffFile(io.BytesIO(encoded(RNG.integers(0, 99, (1300, 700, *rest)).astype(np.uint8)))) as file:
        series = file.series[0]
        assert series.axes == {(): "YX", (3,): "YXS", (2,): "CYX"}[rest]
        for level in series.levels:
            for page in level.pages:
                keyframe = page.keyframe
                assert keyframe.tile == (TILE, TILE) and keyframe.predictor == 2
                assert keyframe.compression == tifffile.COMPRESSION.ZSTD


def test_floats_are_written_without_prediction() -> None:
    """Bio-Formats, and with it QuPath, cannot undo it."""
    with tifffile.TiffFile(io.BytesIO(encoded(np.ones((5, 5), np.float32)))) as file:
        assert file.pages.first.predictor == 1


def test_zarr_reads_every_level() -> None:
    zarr = pytest.importorskip("zarr", reason="zarr is not installed: pip install 'axons[zarr]'")
    pixels = RNG.integers(0, 255, (1300, 700, 3), dtype=np.uint8)
    data = encoded(pixels)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        group = zarr.open(file.aszarr(), mode="r")
        for number, level in enumerate(levels(data)):
            np.testing.assert_array_equal(group[str(number)][:], level)


def pixels_element(data: bytes) -> Any:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        root = ElementTree.fromstring(str(file.ome_metadata))
    images = root.findall("{*}Image")
    assert len(images) == 1  # the levels are none of their own
    return images[0].find("{*}Pixels")


def test_metadata_of_a_colour_picture() -> None:
    element = pixels_element(encoded(np.zeros((1300, 700, 3), np.uint8)))
    expected = {"SizeX": "700", "SizeY": "1300", "SizeC": "3", "SizeZ": "1", "SizeT": "1", "Type": "uint8"}
    expected |= {f"PhysicalSize{axis}": "0.13" for axis in "XY"} | {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
    assert {key: element.get(key) for key in expected} == expected
    assert [channel.get("SamplesPerPixel") for channel in element.iterfind("{*}Channel")] == ["3"]


def test_metadata_of_channels() -> None:
    element = pixels_element(encoded(np.zeros((30, 40, 2), np.uint16), channel_names=("DAPI", "β-tubulin <3")))
    assert [channel.get("Name") for channel in element.iterfind("{*}Channel")] == ["DAPI", "β-tubulin <3"]
    assert element.get("SizeC") == "2" and element.get("Type") == "uint16"
