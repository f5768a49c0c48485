"""Chunks and folders that claim more than they can hold; and that honest ones of every compression are read."""

from __future__ import annotations

import gzip
import lzma
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel.errors import ImageReadError
from axons_kernel.picture import Choice, Picture
from axons_kernel.reading import open_folder_picture
from axons_kernel.storage import source_folder

zarr = pytest.importorskip("zarr", reason="zarr is not installed: pip install 'axons[zarr]'")
numcodecs = pytest.importorskip("numcodecs", reason="numcodecs comes with zarr")

PIXELS = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
ZEROS = bytes(200 << 20)
COMPRESSORS: dict[str, Any] = {
    "blosc 2": numcodecs.Blosc(),
    "zstd 2": numcodecs.Zstd(),
    "gzip 2": numcodecs.GZip(),
    "zlib 2": numcodecs.Zlib(),
    "lz4 2": numcodecs.LZ4(),
    "none 2": None,
    "blosc 3": zarr.codecs.BloscCodec(),
    "zstd 3": zarr.codecs.ZstdCodec(),
    "gzip 3": zarr.codecs.GzipCodec(),
    "none 3": None,
}


def image(folder: Path, compressor: Any, version: int = 2, pixels: Any = PIXELS, **options: Any) -> Path:
    group = zarr.open_group(str(folder), mode="w", zarr_format=version)
    options = {"data": pixels, "chunks": (32, 32), **options}
    group.create_array("0", compressors=compressor, **options)
    told = {"multiscales": [{"axes": [{"name": "y"}, {"name": "x"}], "datasets": [{"path": "0"}]}]}
    group.attrs.update(told if version == 2 else {"ome": told})
    return folder


def opened(folder: Path) -> Picture:
    files = source_folder(folder)
    assert files is not None
    return open_folder_picture(files, folder.name, Choice())


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_honest_chunks(tmp_path: Path, kind: str) -> None:
    folder = image(tmp_path / "a.zarr", COMPRESSORS[kind], int(kind[-1]))
    np.testing.assert_array_equal(opened(folder).pixels(), PIXELS)


def test_shards(tmp_path: Path) -> None:
    folder = image(tmp_path / "a.zarr", zarr.codecs.ZstdCodec(), 3, chunks=(16, 16), shards=(32, 32))
    np.testing.assert_array_equal(opened(folder).pixels(), PIXELS)


@pytest.mark.parametrize("kind", ["blosc 2", "zstd 2", "gzip 2", "zlib 2", "blosc 3", "zstd 3", "gzip 3"])
def test_a_chunk_that_swells(tmp_path: Path, kind: str) -> None:
    """A few kilobytes that become 200 MB, where 1 kB is expected."""
    folder = image(tmp_path / "a.zarr", COMPRESSORS[kind], int(kind[-1]))
    codec = {"blosc": numcodecs.Blosc(), "zstd": numcodecs.Zstd()}.get(kind[:-2])
    bomb = codec.encode(ZEROS) if codec else gzip.compress(ZEROS) if "gzip" in kind else zlib.compress(ZEROS)
    chunk = next(path for name in ("0/0.0", "0/c/0/0") if (path := folder / name).exists())
    chunk.write_bytes(bomb)
    with pytest.raises(ImageReadError, match=r"a\.zarr is not an .* \(its part '0/.*' claims to hold more than a part"):
        opened(folder).pixels()


def test_a_compression_that_is_not_known(tmp_path: Path) -> None:
    folder = image(tmp_path / "a.zarr", numcodecs.LZMA(format=lzma.FORMAT_XZ))
    with pytest.raises(
        ImageReadError, match="its compression 'lzma' is not supported; blosc, zstd, gzip, zlib, lz4 are"
    ):
        opened(folder)


def test_more_pixels_than_the_files_can_hold(tmp_path: Path) -> None:
    folder = image(tmp_path / "a.zarr", None, data=None, shape=(40_000, 40_000), dtype="u1")
    with pytest.raises(ImageReadError, match=r"its 1525 MB of pixels are too many for files of \d+ bytes"):
        opened(folder)


@pytest.mark.parametrize("shape", [(10**9, 10**9), (64, 10**9)])
def test_rows_that_fit_nowhere(tmp_path: Path, shape: tuple[int, int]) -> None:
    folder = image(tmp_path / "a.zarr", None, data=None, shape=shape, dtype="u1")
    with pytest.raises(ImageReadError, match=r"1000000000 pixels in a row and chunks of .*, too large to be read"):
        opened(folder)
