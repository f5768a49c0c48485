"""Tile reads per second: ours beside tifffile + zarr, large_image and OpenSlide on one file, and the limit.

The limit is the codec (and predictor) alone on the bytes of the chunks that are needed, held in memory, each once, in
as many threads. Each reader is tried with one thread and with all of them (ours sequentially by `read_each`), and its
better time counts. Caches are cold at the start of each pass. SIDE=4096 makes a smaller file, PASSES=9 repeats more
often, for a busy machine.
"""

from __future__ import annotations

import importlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from axons_kernel.chunk_cache import ChunkCache
from axons_kernel.ome_tiff import write_ome_tiff
from axons_kernel.picture import array_picture
from axons_kernel.pyramid import Pyramid
from axons_kernel.samples import axon_micrograph
from axons_kernel.tiling import Tile, tile_grid

SIDE = int(os.environ.get("SIDE", "8192"))
PASSES = int(os.environ.get("PASSES", "5"))
TILE, OVERLAP, RANDOM = 512, 64, 200
THREADS = len(os.sched_getaffinity(0))
Read = Callable[[Tile], NDArray[Any]]
Seconds = tuple[float, float]


def picture(kind: str) -> NDArray[Any]:
    """A synthetic micrograph, repeated to SIDE x SIDE, with noise that does not repeat."""
    block = axon_micrograph((1024, 1024), seed=0).pixels.astype(np.float32)
    rng = np.random.default_rng(0)
    grey = np.tile(block, (SIDE // 1024, SIDE // 1024)) + rng.normal(0, 2, (SIDE, SIDE)).astype(np.float32)
    if kind == "grey 16-bit":
        return np.clip(grey * 16, 0, 65535).astype(np.uint16)  # as a 12-bit camera gives them
    return np.clip(grey[..., None] * np.array([1.0, 0.8, 0.9], np.float32), 0, 255).astype(np.uint8)


def write(path: Path, pixels: NDArray[Any]) -> None:
    """As images/<image>/image.tif is written."""
    write_ome_tiff(path, array_picture(pixels, rgb=pixels.ndim == 3), 0.1)


# -- readers: each gives a function that reads one tile ----------------------------------------------------------------


@contextmanager
def ours(path: Path) -> Iterator[Read]:
    yield Pyramid(path.open("rb"), path.name, ChunkCache()).read


@contextmanager
def tifffile_zarr(path: Path) -> Iterator[Read]:
    zarr = importlib.import_module("zarr")
    with tifffile.TiffFile(path) as tiff:
        array = zarr.open_array(tiff.series[0].aszarr(level=0), mode="r")
        yield lambda t: np.asarray(array[t.y : t.y + t.height, t.x : t.x + t.width])


@contextmanager
def large_image(path: Path) -> Iterator[Read]:
    library = importlib.import_module("large_image_source_tiff")
    cache = importlib.import_module("large_image.cache_util")
    cache.cachesClear()
    source = library.TiffFileTileSource(str(path))

    def read(t: Tile) -> NDArray[Any]:
        region = {"left": t.x, "top": t.y, "width": t.width, "height": t.height, "units": "base_pixels"}
        pixels, _ = source.getRegion(region=region, format="numpy")
        return np.asarray(pixels)

    yield read


@contextmanager
def openslide(path: Path) -> Iterator[Read]:
    with importlib.import_module("openslide").OpenSlide(path) as slide:
        slide.set_cache(importlib.import_module("openslide").OpenSlideCache(256 << 20))
        yield lambda t: np.asarray(slide.read_region((t.x, t.y), 0, (t.width, t.height)))


PEERS = {"tifffile + zarr": tifffile_zarr, "large_image": large_image, "OpenSlide": openslide}


# -- measuring ---------------------------------------------------------------------------------------------------------


def seconds(work: Callable[[], Any]) -> Seconds:
    """Elapsed, and of the processor: the second does not count what other programs take on a busy machine."""
    started = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started[0], time.process_time() - started[1]


def pass_over(opened: Callable[[], Any], tiles: Sequence[Tile], threads: int) -> Seconds:
    """One pass with cold caches: opening is not counted."""
    with opened() as read, ThreadPoolExecutor(threads) as pool:

        def read_and_drop(tile: Tile) -> None:
            read(tile)

        if threads == 1:
            return seconds(lambda: [read_and_drop(tile) for tile in tiles])
        return seconds(lambda: list(pool.map(read_and_drop, tiles)))


def ours_in_order(path: Path, tiles: Sequence[Tile]) -> Seconds:
    pyramid = Pyramid(path.open("rb"), path.name, ChunkCache())
    return seconds(lambda: [None for _ in pyramid.read_each(tiles)])


def decode_only(path: Path, tiles: Sequence[Tile]) -> Callable[[], Seconds]:
    """The codec alone, once for each chunk that the tiles touch."""
    touched = {
        row * (SIDE // 512) + column
        for t in tiles
        for row in range(t.y // 512, (t.y + t.height - 1) // 512 + 1)
        for column in range(t.x // 512, (t.x + t.width - 1) // 512 + 1)
    }
    with tifffile.TiffFile(path) as tiff, path.open("rb") as file:
        page = tiff.pages.first
        chunks = []
        for index in sorted(touched):
            file.seek(page.dataoffsets[index])
            chunks.append(file.read(page.databytecounts[index]))
        shape = (512, 512, page.samplesperpixel)
        decompress, predicted = tifffile.TIFF.DECOMPRESSORS[page.compression], page.predictor == 2

    def decode(data: bytes) -> None:
        chunk = np.empty(shape, page.dtype)
        decompress(data, out=chunk.reshape(-1).view(np.uint8).data)
        if predicted:
            imagecodecs.delta_decode(chunk, axis=1, out=chunk)

    def run() -> Seconds:
        with ThreadPoolExecutor(THREADS) as pool:
            return seconds(lambda: list(pool.map(decode, chunks)))

    return run


def check(path: Path, peer: Callable[[Path], Any], pixels: NDArray[Any]) -> str:
    """Why a peer cannot be measured; empty when it reads what was written."""
    tile = Tile(300, 700, 512, 512)
    try:
        with peer(path) as read:
            values = read(tile)
    except ModuleNotFoundError as error:
        return f"skipped, {error.name} is not installed: pip install 'axons[bench]'"
    except Exception as error:  # noqa: BLE001 - each has errors of its own
        return f"cannot open it ({type(error).__name__}: {str(error)[:80]})"
    expected = tile.cut(pixels)
    if values.dtype != expected.dtype:
        return f"not compared, it reads {expected.dtype} as {values.dtype}"
    values = values[..., : expected.shape[2]] if expected.ndim == 3 else values.reshape(*values.shape[:2], -1)[..., 0]
    return "" if np.array_equal(values, expected) else "gives other pixels than were written"


def main() -> None:
    rng = np.random.default_rng(1)
    corners = rng.integers(0, SIDE - TILE, (RANDOM, 2))
    jobs = {
        f"sequential, {TILE} px, overlap 0": tile_grid((SIDE, SIDE), TILE, 0),
        f"sequential, {TILE} px, overlap {OVERLAP}": tile_grid((SIDE, SIDE), TILE, OVERLAP),
        f"random, {TILE} px": tuple(Tile(int(x), int(y), TILE, TILE) for x, y in corners),
    }
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("RGB 8-bit", "grey 16-bit"):
            path = Path(folder, "image.tif")
            pixels = picture(kind)
            write(path, pixels)
            print(f"{SIDE} x {SIDE} {kind}, {path.stat().st_size >> 20} MiB on disk, {THREADS} threads")
            refused = {name: check(path, peer, pixels) for name, peer in PEERS.items()}
            del pixels
            for name, tiles in jobs.items():
                compare(path, name, tiles, refused)


def compare(path: Path, name: str, tiles: Sequence[Tile], refused: dict[str, str]) -> None:
    """Best times of PASSES rounds; in each round all take their turn, so that a busy moment hits them alike."""
    readers = {"ours": ours, **{peer: opened for peer, opened in PEERS.items() if not refused[peer]}}
    runs: list[tuple[str, Callable[[], Seconds]]] = [("limit", decode_only(path, tiles))]
    for reader, opened in readers.items():
        for threads in (1, THREADS):
            runs.append((reader, partial(pass_over, partial(opened, path), tiles, threads)))
    if name.startswith("sequential"):
        runs.append(("ours", partial(ours_in_order, path, tiles)))
    times: dict[str, list[Seconds]] = {reader: [] for reader, _ in runs}
    for _ in range(PASSES):
        for reader, run in runs:
            times[reader].append(run())
    elapsed, cpu = ({reader: min(p[i] for p in passes) for reader, passes in times.items()} for i in (0, 1))
    share, cpu_share = (100 * of["limit"] / of["ours"] for of in (elapsed, cpu))
    rate = len(tiles) / elapsed["ours"]
    print(f"  {name}: {rate:.0f} tiles/s, {share:.0f} % of the limit ({cpu_share:.0f} % in CPU time)")
    for peer in PEERS:
        if refused[peer]:
            print(f"    {peer}: {refused[peer]}")
            continue
        ratio, cpu_ratio = (of[peer] / of["ours"] for of in (elapsed, cpu))
        rate = len(tiles) / elapsed[peer]
        print(f"    {peer}: {rate:.0f} tiles/s, ratio {ratio:.2f} ({cpu_ratio:.2f} in CPU time)")


if __name__ == "__main__":
    main()
