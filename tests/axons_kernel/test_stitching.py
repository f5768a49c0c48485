"""Stitching: what was cut comes back bit for bit; seams are blended or voted on; memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel import stitching as module
from axons_kernel import tile_spill
from axons_kernel.blending import Blend, profile, vote, weighted_mean
from axons_kernel.errors import InputError
from axons_kernel.ome_tiff import write_ome_tiff
from axons_kernel.pyramid import Pyramid
from axons_kernel.stitching import Piece, stitched, stitching
from axons_kernel.tiling import Edge, Tile, tile_grid

shapes = st.tuples(st.integers(1, 100), st.integers(1, 100))
sizes = st.integers(16, 48).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2)))
blends = st.sampled_from(("uniform", "linear", "hann", "gaussian", "vote"))


def values(shape: tuple[int, ...], dtype: str, seed: int = 0) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    if dtype != "float32":
        return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    bits = rng.integers(0, 2**32, shape, np.uint32)  # any float32, tiny, huge and negative zero among them
    bits[(bits & 0x7F800000) == 0x7F800000] = 0x80000000
    return bits.view(np.float32)


def pieces(pixels: NDArray[Any], tiles: tuple[Tile, ...]) -> list[Piece]:
    """The tiles of an image; what reaches over the edge is mirrored."""
    far = [(0, max(t.y + t.height for t in tiles)), (0, max(t.x + t.width for t in tiles))]
    padded = np.pad(pixels, [*far, (0, 0)][: pixels.ndim], mode="reflect")
    return [(tile, tile.cut(padded)) for tile in tiles]


@given(
    shapes,
    sizes,
    st.sampled_from(("shift", "reflect", "drop")),
    st.sampled_from(("uint8", "uint16", "float32")),
    st.sampled_from(((), (1,), (2,), (3,), (4,))),
    blends,
    st.randoms(use_true_random=False),
)
def test_what_was_cut_comes_back_bit_for_bit(
    shape: tuple[int, int],
    size_overlap: tuple[int, int],
    edge: Edge,
    dtype: str,
    channels: tuple[int, ...],
    blend: Blend,
    order: Any,
) -> None:
    if edge == "drop" and size_overlap[0] > min(shape):
        return
    pixels = values((*shape, *channels), dtype)
    tiles = tile_grid(shape, *size_overlap, edge)
    parts = pieces(pixels, tiles)
    order.shuffle(parts)
    result = stitched(parts, tiles, shape, blend=blend, fill=0 if edge == "drop" else None)
    expected = pixels.copy()
    if edge == "drop":
        right, bottom = (max(t[i] + t[i + 2] for t in tiles) for i in (0, 1))
        expected[bottom:], expected[:, right:] = 0, 0
    assert result.dtype == pixels.dtype
    assert result.tobytes() == expected.tobytes() and result.shape[:2] == shape


@pytest.mark.parametrize("blend", ["uniform", "linear", "hann", "gaussian", "vote"])
@pytest.mark.parametrize("length", [1, 2, 16, 17, 512, 4096])
def test_profiles_are_whole_symmetric_and_highest_in_the_middle(blend: Blend, length: int) -> None:
    weight = profile(length, blend)
    assert weight.shape == (length,) and (weight == np.rint(weight)).all() and weight.min() >= 1
    assert weight.max() == 1024 and (weight == weight[::-1]).all()
    rising = np.diff(weight[: (length + 1) // 2])
    assert (rising >= 0).all() and (blend == "uniform" or length < 16 or rising.sum() > 400)


@pytest.mark.parametrize("blend", ["linear", "hann", "gaussian"])
def test_seams_are_blended(blend: Blend) -> None:
    left, right = Tile(0, 0, 32, 16), Tile(16, 0, 32, 16)
    parts = [(left, np.zeros((16, 32), np.float32)), (right, np.ones((16, 32), np.float32))]
    row = stitched(parts, [left, right], (16, 48), blend=blend)[8]
    assert row[0] == 0 and row[-1] == 1 and (np.diff(row) >= 0).all() and np.diff(row).max() < 0.3
    np.testing.assert_allclose(row + row[::-1], 1, atol=1e-6)


def test_uniform_is_the_mean_and_whole_numbers_are_rounded() -> None:
    tiles = [Tile(0, 0, 16, 16), Tile(8, 0, 16, 16)]
    parts = [(tiles[0], np.full((16, 16), 10, np.uint8)), (tiles[1], np.full((16, 16), 13, np.uint8))]
    row = stitched(parts, tiles, (16, 24), blend="uniform")[3]
    np.testing.assert_array_equal(row, [10] * 8 + [12] * 8 + [13] * 8)  # 11.5 is rounded to even


def test_votes_never_invent_a_class() -> None:
    rng = np.random.default_rng(0)
    tiles = tile_grid((70, 90), 32, 16)
    parts = [(tile, rng.choice([1, 7, 200], (tile.height, tile.width)).astype(np.uint8)) for tile in tiles]
    mask = stitched(parts, tiles, (70, 90), blend="vote")
    assert set(np.unique(mask)) == {1, 7, 200}
    middle = {tile: part[tile.height // 2, tile.width // 2] for tile, part in parts}
    for tile, value in middle.items():  # a tile's own middle outweighs any one neighbour's border
        lone = [t for t in tiles if t.contains(tile.x + tile.width // 2, tile.y + tile.height // 2)]
        if len(lone) <= 2:
            assert mask[tile.y + tile.height // 2, tile.x + tile.width // 2] == value


def test_two_votes_beat_a_slightly_heavier_one() -> None:
    a, b, c = (np.array([[[number]]], np.uint8) for number in (5, 9, 9))
    assert vote([a, b, c], [np.array([[3.0]]), np.array([[2.0]]), np.array([[2.0]])]) == 9
    assert vote([a, b, c], [np.array([[5.0]]), np.array([[2.0]]), np.array([[2.0]])]) == 5
    assert vote([a, b], [np.array([[2.0]]), np.array([[2.0]])]) == 5  # of equals the first


def test_a_weighted_mean_by_hand() -> None:
    parts = [np.array([[[1.0]]], np.float32), np.array([[[4.0]]], np.float32)]
    assert weighted_mean(parts, [np.array([[1.0]]), np.array([[2.0]])]) == np.float32(3)


# -- what cannot be stitched ------------------------------------------------------------------------------------------

TILES = tile_grid((32, 48), 16, 0)
PARTS = [(tile, np.ones((16, 16), np.uint8)) for tile in TILES]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], r"There is nothing to stitch: give \(tile, values\) of 6 tiles"),
        (PARTS[:4], r"2 of 6 tiles are missing, among them Tile\(x=16, y=16"),
        ([*PARTS, PARTS[0]], r"Tile\(x=0, y=0, width=16, height=16\) came twice"),
        ([PARTS[0], *PARTS], "came twice: give each tile once"),
        ([(Tile(1, 0, 16, 16), PARTS[0][1]), *PARTS], "is no tile of this tiling"),
        ([(TILES[0], np.ones((15, 16), np.uint8)), *PARTS[1:]], r"has values \(15, 16\) of uint8; \(16, 16, 1\)"),
        ([PARTS[0], (TILES[1], np.ones((16, 16), np.uint16)), *PARTS[2:]], r"of uint16; \(16, 16, 1\) of uint8"),
        ([PARTS[0], (TILES[1], np.ones((16, 16, 2), np.uint8)), *PARTS[2:]], r"has values \(16, 16, 2\) of uint8"),
        ([(TILES[0], np.ones((16, 16), int))], r"Values of type int64 cannot be stitched: .*classes.astype\('uint8'\)"),
    ],
)
def test_pieces_that_do_not_fit(parts: list[Piece], message: str) -> None:
    with pytest.raises(InputError, match=message):
        stitched(parts, TILES, (32, 48))


def test_pixels_without_a_tile() -> None:
    with pytest.raises(InputError, match=r"256 pixels are covered by no tile, the first at x=32, y=16: .*as in fill=0"):
        stitched(PARTS[:5], TILES[:5], (32, 48))
    filled = stitched(PARTS[:5], TILES[:5], (32, 48), fill=7)
    assert (filled[16:, 32:] == 7).all() and filled.sum() == 5 * 256 + 7 * 256
    for fill in (-1, 256, 0.5, float("nan")):
        with pytest.raises(InputError, match=f"fill={fill} is not allowed for uint8: give a whole number"):
            stitched(PARTS, TILES, (32, 48), fill=fill)
    with pytest.raises(InputError, match="blend='mean' is not allowed: give one of 'uniform', 'linear'"):
        stitched(PARTS, TILES, (32, 48), blend="mean")  # type: ignore[arg-type]


# -- large images -----------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_tiles_are_checked_at_once() -> None:
    """Work per tile does not grow with their number; comparing each with each would take hours."""
    tiles = tile_grid((7000, 7000), 32, 8)
    assert len(tiles) == 85_264
    with pytest.raises(InputError, match=r"256 pixels are covered by no tile, the first at x=2432, y=3512"):
        stitched([], [tile for tile in tiles if tile[:2] != (2424, 3504)], (7000, 7000))


def test_rows_are_written_while_tiles_still_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles in their order are forgotten as soon as their rows are done."""
    monkeypatch.setattr(module, "BAND_BYTES", 64 * 16)
    pixels, came = values((640, 64), "uint8"), []
    tiles = tile_grid((640, 64), 32, 8)

    def feed() -> Iterator[Piece]:
        for part in pieces(pixels, tiles):
            came.append(part[0])
            yield part

    with stitching(feed(), tiles, (640, 64)) as picture:
        row, most = 0, 0
        for band in picture.planes[0]():
            np.testing.assert_array_equal(band, pixels[row : row + len(band)])
            row += len(band)
            most = max(most, came[-1].y - row)
    assert row == 640 and most < 32


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_straight_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    monkeypatch.setattr(tile_spill, "_IN_MEMORY", 5000)  # so that tiles do go to the temporary file
    monkeypatch.setattr(module, "BAND_BYTES", 20_000)
    pixels = values((600, 700, channels), "uint8")
    tiles = tile_grid((600, 700), 100, 30)
    with stitching(reversed(pieces(pixels, tiles)), tiles, (600, 700), folder=tmp_path) as picture:
        write_ome_tiff(tmp_path / "out.tif", picture, 0.1)
    opened = Pyramid((tmp_path / "out.tif").open("rb"), "out.tif")
    assert len(opened.levels) == 2
    np.testing.assert_array_equal(opened.read(Tile(0, 0, 700, 600)).reshape(pixels.shape), pixels)
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


_STITCH_LARGE = """
import random, sys
import numpy as np
from pathlib import Path
from axons_kernel.ome_tiff import write_ome_tiff
from axons_kernel.stitching import stitching
from axons_kernel.tiling import tile_grid
side = int(sys.argv[1])
tiles = list(tile_grid((side, side), 512, 64))
random.Random(0).shuffle(tiles)
block = np.random.default_rng(0).integers(0, 4, (512, 512, 3), np.uint8)
with stitching(((t, block) for t in tiles), tiles, (side, side), folder=Path(sys.argv[2])) as picture:
    write_ome_tiff(Path(sys.argv[2], "out.tif"), picture, None)
print(peak_mib())
"""


_READ_LARGE = """
import sys
from axons_kernel.pyramid import Pyramid
from axons_kernel.tiling import tile_grid
opened = Pyramid(open(sys.argv[1], "rb"), "out.tif")
total = sum(int(pixels.sum()) for pixels in opened.read_each(tile_grid(opened.shape, 512, 0, "drop")))
print(peak_mib())
"""


@pytest.mark.integration
def test_memory_does_not_grow_with_the_image(tmp_path: Path, measured: Callable[..., list[str]]) -> None:
    """12000 x 12000 RGB are 412 MiB, their tiles, which come in random order, 550 MiB."""
    assert float(measured(_STITCH_LARGE, "12000", tmp_path)[-1]) < 280
    assert float(measured(_READ_LARGE, tmp_path / "out.tif")[-1]) < 180
