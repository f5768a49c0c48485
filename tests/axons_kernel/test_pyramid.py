"""Pyramids: windows of every layout and compression equal the whole array's, from many threads, in bounded memory."""

from __future__ import annotations

import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel.chunk_cache import ChunkCache
from axons_kernel.errors import ImageReadError, InputError
from axons_kernel.images import Micrograph, encode_ome_tiff
from axons_kernel.project import open_project
from axons_kernel.pyramid import Pyramid
from axons_kernel.tiling import Tile, tile_grid


def picture(shape: tuple[int, ...] = (1100, 1400), dtype: str = "uint8", seed: int = 0) -> NDArray[Any]:
    values = np.random.default_rng(seed).integers(0, 60000, shape)
    return (values % 256 if dtype == "uint8" else values).astype(dtype)


def pyramid(data: bytes, cache: ChunkCache | None = None) -> Pyramid:
    return Pyramid(io.BytesIO(data), "image.tif", cache or ChunkCache())


def tiff(pixels: NDArray[Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def whole(opened: Pyramid, level: int = 0) -> NDArray[Any]:
    height, width = opened.levels[level].shape
    return opened.read(Tile(0, 0, width, height), level)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [None, 2, 3, 5])
def test_windows_of_our_images_at_every_level(dtype: str, channels: int | None) -> None:
    pixels = picture((700, 1100) if channels is None else (700, 1100, channels), dtype)
    data = encode_ome_tiff(Micrograph(pixels, 0.1))
    opened = pyramid(data)
    assert (opened.shape, opened.channels, opened.dtype) == ((700, 1100), channels or 1, np.dtype(dtype))
    assert [(level.shape, level.scale, level.chunk) for level in opened.levels] == [
        ((700, 1100), 1.0, (512, 512)),
        ((350, 550), 2.0, (512, 512)),
        ((175, 275), 4.0, (512, 512)),
    ]
    with tifffile.TiffFile(io.BytesIO(data)) as reference:
        for number, stored in enumerate(reference.series[0].levels):
            expected = stored.asarray()
            if stored.axes == "CYX":
                expected = np.moveaxis(expected, 0, 2)
            np.testing.assert_array_equal(whole(opened, number), expected)
            tile = Tile(101, 33, 170, 120)
            np.testing.assert_array_equal(opened.read(tile, number), tile.cut(expected))


@given(st.data())
def test_any_window_equals_the_array(data: st.DataObject) -> None:
    height, width = data.draw(st.tuples(st.integers(1, 130), st.integers(1, 130)))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    tile = Tile(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
    pixels = picture((height, width))
    opened = pyramid(tiff(pixels, tile=(32, 48), compression="zlib"))
    np.testing.assert_array_equal(opened.read(tile), tile.cut(pixels))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7, "compression": "lzw", "predictor": True},
        {"tile": (64, 80), "compression": "zstd"},
        {"tile": (64, 80), "compression": "zlib", "predictor": True, "byteorder": ">"},
        {"tile": (64, 80), "bigtiff": True, "compression": "lzw"},
    ],
    ids=["strips", "lzw strips", "zstd", "big-endian with predictor", "BigTIFF"],
)
def test_other_layouts_of_one_image(options: dict[str, Any]) -> None:
    pixels = picture((200, 300), "uint16")
    np.testing.assert_array_equal(whole(pyramid(tiff(pixels, **options))), pixels)


def test_separate_colour_planes() -> None:
    pixels = picture((3, 200, 300))
    data = tiff(pixels, tile=(64, 64), planarconfig="separate", photometric="rgb", compression="zlib")
    np.testing.assert_array_equal(whole(pyramid(data)), np.moveaxis(pixels, 0, 2))


def test_jpeg_as_tifffile_decodes_it() -> None:
    pixels = np.add.outer(np.arange(200), np.arange(300))[..., None].repeat(3, 2).astype(np.uint8)
    data = tiff(pixels, tile=(64, 64), photometric="rgb", compression="jpeg")
    np.testing.assert_array_equal(whole(pyramid(data)), tifffile.imread(io.BytesIO(data)))


@pytest.mark.parametrize("flag", [0, 1])
def test_levels_stored_as_plain_images(flag: int) -> None:
    pixels = picture((600, 801, 3))
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(pixels, tile=(256, 256), photometric="rgb", metadata=None)
        for step in (2, 4):
            coarse = np.ascontiguousarray(pixels[::step, ::step])
            writer.write(coarse, tile=(256, 256), photometric="rgb", subfiletype=flag, metadata=None)
        writer.write(np.zeros((64, 64, 3), np.uint8), photometric="rgb", metadata=None)  # a label, not a level
    opened = pyramid(buffer.getvalue())
    assert [(level.shape, level.scale) for level in opened.levels] == [
        ((600, 801), 1.0),
        ((300, 401), 2.0),
        ((150, 201), 4.0),
    ]
    np.testing.assert_array_equal(whole(opened, 2), pixels[::4, ::4])


@pytest.mark.parametrize(("scale", "level"), [(0.5, 0), (1, 0), (1.9, 0), (2, 1), (3.99, 1), (4, 2), (100, 2)])
def test_level_for_a_scale(scale: float, level: int) -> None:
    assert pyramid(encode_ome_tiff(Micrograph(picture((700, 1100))))).level_for(scale) == level


def test_reading_ahead_gives_the_same_in_order() -> None:
    pixels = picture((700, 1100))
    opened = pyramid(encode_ome_tiff(Micrograph(pixels)))
    tiles = tile_grid((700, 1100), 128, 32)
    read = list(opened.read_each(tiles))
    assert len(read) == len(tiles)
    for tile, values in zip(tiles, read, strict=True):
        np.testing.assert_array_equal(values, tile.cut(pixels))


class SlowFile(io.BytesIO):
    """Lets other threads run between finding a place and reading there."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        place = super().seek(offset, whence)
        time.sleep(0.0001)
        return place


@pytest.mark.parametrize("on_disk", [True, False])
def test_threads_share_a_pyramid(tmp_path: Path, on_disk: bool) -> None:
    pixels = picture((900, 900))
    data = tiff(pixels, tile=(64, 64), compression="zlib")
    (tmp_path / "image.tif").write_bytes(data)
    file = open(tmp_path / "image.tif", "rb") if on_disk else SlowFile(data)  # noqa: SIM115 - the pyramid closes it
    opened = Pyramid(file, "image.tif", ChunkCache(200_000))
    tiles = [Tile(x, y, 90, 70) for y in range(0, 800, 130) for x in range(0, 800, 110)] * 4
    with ThreadPoolExecutor(8) as pool:
        for tile, values in zip(tiles, pool.map(opened.read, tiles), strict=True):
            np.testing.assert_array_equal(values, tile.cut(pixels))


@pytest.mark.parametrize(
    "tile", [Tile(-1, 0, 5, 5), Tile(0, -1, 5, 5), Tile(1096, 0, 5, 5), Tile(0, 696, 5, 5), Tile(3, 3, 0, 4)]
)
def test_a_window_over_the_edge(tile: Tile) -> None:
    opened = pyramid(encode_ome_tiff(Micrograph(picture((700, 1100)))))
    with pytest.raises(InputError, match=r"is not inside level 0 of image\.tif, which is 1100 x 700 pixels"):
        opened.read(tile)
    with pytest.raises(InputError, match="has no level 3: give 0 to 2"):
        opened.read(Tile(0, 0, 5, 5), 3)


def test_a_broken_chunk_spoils_only_the_windows_over_it() -> None:
    pixels = picture((128, 256))
    data = bytearray(tiff(pixels, tile=(128, 128), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        start = file.pages[0].dataoffsets[1]
    data[start : start + 40] = bytes(40)
    opened = pyramid(bytes(data))
    np.testing.assert_array_equal(opened.read(Tile(0, 0, 128, 128)), pixels[:, :128])
    for _ in range(2):  # a failure is not kept
        with pytest.raises(ImageReadError, match=r"image\.tif is broken at chunk 1\. Import the image again"):
            opened.read(Tile(100, 0, 100, 100))


def test_a_truncated_file() -> None:
    data = tiff(picture((512, 512)), tile=(128, 128), compression="zlib", metadata=None)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        last = file.pages[0].dataoffsets[-1]
    opened = pyramid(data[: last + 5])
    with pytest.raises(ImageReadError, match=r"image\.tif is cut off: \d+ bytes are missing"):
        opened.read(Tile(400, 400, 100, 100))
    with pytest.raises(ImageReadError, match=r"image\.tif cannot be read by windows"):
        pyramid(b"II*\0 and nothing else")
    with pytest.raises(ImageReadError, match="its axes are ZYX"):
        pyramid(tiff(picture((4, 64, 64)), metadata={"axes": "ZYX"}, photometric="minisblack", ome=True))


def test_the_cache_keeps_what_was_used_last() -> None:
    cache = ChunkCache(3 * 64 * 64)
    opened = pyramid(tiff(picture((64, 640)), tile=(64, 64), compression="zlib"), cache)
    for column in (0, 1, 2, 0, 3, 0, 1):  # 1 was pushed out by 3
        opened.read(Tile(64 * column, 0, 64, 64))
    info = cache.info()
    assert (info.hits, info.misses, info.chunks, info.bytes) == (2, 5, 3, 3 * 64 * 64)
    cache.clear()
    assert cache.info().bytes == cache.info().hits == cache.info().chunks == 0


def test_two_readers_share_one_decoding() -> None:
    cache, calls, may_end = ChunkCache(), [], threading.Event()

    def load() -> NDArray[np.uint8]:
        calls.append(1)
        may_end.wait(10)
        return np.zeros(5, np.uint8)

    with ThreadPoolExecutor(1) as pool:
        promises = [cache.begin("key", load, pool) for _ in range(3)]
        may_end.set()
        assert {id(promise.result()) for promise in promises} == {id(promises[0].result())}
    assert calls == [1] and cache.info().hits == 2


@pytest.mark.parametrize("pooled", [True, False])
def test_a_failure_is_raised_and_not_kept(pooled: bool) -> None:
    cache, answers = ChunkCache(), iter([OSError("cut"), np.zeros(5, np.uint8)])

    def load() -> NDArray[np.uint8]:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(OSError, match="cut"):
            cache.begin("key", load, pool if pooled else None).result()
        pool.submit(int).result()  # the first is done with now
        assert cache.begin("key", load, pool if pooled else None).result().size == 5
    assert cache.info().bytes == 5


def test_cached_pixels_cannot_be_changed_by_a_reader() -> None:
    pixels = picture((64, 64))
    opened = pyramid(tiff(pixels, tile=(64, 64), compression="zlib"))
    opened.read(Tile(0, 0, 64, 64))[...] = 0  # a copy of the reader's own
    np.testing.assert_array_equal(whole(opened), pixels)


def test_a_scan_gives_each_reader_pixels_of_its_own() -> None:
    """Windows that are whole chunks are not copied, and may be written to all the same."""
    pixels = picture((256, 256))
    opened = Pyramid(io.BytesIO(tiff(pixels, tile=(64, 64), compression="zlib")), "scan.tif", ChunkCache(1))
    tiles = tile_grid((256, 256), 64, 0)
    for tile, read in zip([*tiles, tiles[0]], opened.read_each([*tiles, tiles[0]]), strict=True):
        np.testing.assert_array_equal(read, tile.cut(pixels))
        read[...] = 0
    assert opened._cache.info().misses == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_goes_on_reading() -> None:
    pixels = picture((300, 300))
    opened = pyramid(tiff(pixels, tile=(64, 64), compression="zlib"))
    whole(opened)  # the parent's decoding threads exist now
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if np.array_equal(next(opened.read_each([Tile(0, 0, 300, 300)])), pixels) else 1)
        finally:  # an error must not let the child run the other tests
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_an_image_of_a_project_is_opened_once(store_url: str) -> None:
    project = open_project(store_url)
    first = project.import_image(picture((300, 400)), name="a", pixel_size_um=0.1)
    second = project.import_image(picture((300, 400), seed=1), name="b", pixel_size_um=0.1)
    assert first.pyramid() is project.image("a").pyramid() is not second.pyramid()
    for image in (first, second):
        np.testing.assert_array_equal(image.pyramid().read(Tile(50, 60, 70, 80)), image.pixels()[60:140, 50:120])


def test_pages_in_a_circle() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for _ in range(4):
            writer.write(np.zeros((64, 64), np.uint8), compression="zlib", tile=(64, 64), metadata=None)
    with tifffile.TiffFile(io.BytesIO(buffer.getvalue())) as tiff:
        second, last, entries = tiff.pages[1].offset, tiff.pages[3].offset, len(tiff.pages[3].tags)
    data = bytearray(buffer.getvalue())
    data[last + 2 + 12 * entries : last + 6 + 12 * entries] = second.to_bytes(4, "little")
    with pytest.raises(ImageReadError, match=r"cannot be read by windows \(its pages form a circle\)"):
        Pyramid(io.BytesIO(data), "image.tif")


@pytest.mark.parametrize(
    ("kind", "message"), [(4, r"is cut off: 4294967295 bytes are missing"), (11, "its chunks stand nowhere")]
)
def test_sizes_that_no_file_has(kind: int, message: str) -> None:
    """A chunk of 4 GiB, and one whose size is a real number."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((64, 64), np.uint8), compression="zlib", tile=(64, 64), metadata=None)
    with tifffile.TiffFile(io.BytesIO(buffer.getvalue())) as tiff:
        entry = tiff.pages[0].tags["TileByteCounts"].offset
    data = bytearray(buffer.getvalue())
    data[entry + 2 : entry + 4] = kind.to_bytes(2, "little")
    data[entry + 8 : entry + 12] = (2**32 - 1 if kind == 4 else 1000).to_bytes(4, "little")
    with pytest.raises(ImageReadError, match=message):
        Pyramid(io.BytesIO(data), "image.tif").read(Tile(0, 0, 8, 8))
