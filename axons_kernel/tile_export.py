"""Write the tiles of an image as files for other programs, with a manifest and their outlines."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .cutting import tiles_of
from .errors import InputError
from .images import pixels_picture
from .ome_tiff import encoded_ome_tiff
from .project_image import ProjectImage
from .pyramid import ahead
from .storage import Store
from .tile_manifest import MANIFEST, OUTLINES, TILES, Format, TileFile, manifest_of, outlines, tile_file_name
from .tiling import Tile, Tiling

_THREADS = 4


def export_tiles(
    image: ProjectImage, tiling: Tiling, folder: str | os.PathLike[str], format: Format, *, progress: bool
) -> None:
    """Write the tiles, then their outlines, then the manifest: with it, the export is whole.

    An export that was cut off is started again in the same folder. Raises InputError when the folder holds anything
    else, or the format cannot hold the values.
    """
    _check_format(image, format)
    target = Store(folder)
    other = [name for name in target.names("") if name != TILES]
    if other:
        raise InputError(f"{target.url} holds other files ({', '.join(other[:3])}): choose a new or an empty folder.")
    pixel_size_um = image.pixel_size_um * tiling.scale

    def write(tile: Tile, pixels: NDArray[Any]) -> TileFile:
        data = encoded_tile(pixels, format, pixel_size_um)
        name = tile_file_name(image.name, tile, format)
        target.write(name, data)
        return TileFile(file=name, sha256=hashlib.sha256(data).hexdigest(), **tile._asdict())

    bar = tqdm(
        total=len(tiling.tiles), desc=f"exporting {image.name}", unit="tile", disable=not progress, file=sys.stdout
    )
    with bar, ThreadPoolExecutor(_THREADS) as pool:
        begun: Iterator[Future[TileFile]] = (pool.submit(write, *piece) for piece in tiles_of(image, tiling))
        files = []
        for written in ahead(begun, 2 * _THREADS):
            files.append(written.result())
            bar.update()
    manifest = manifest_of(image.info, tiling, tuple(files))
    target.write(OUTLINES, outlines(manifest))
    target.write(MANIFEST, manifest.encode())


def _check_format(image: ProjectImage, format: Format) -> None:
    if format not in get_args(Format):
        raise InputError(f"format={format!r} is not allowed: give 'png' or 'tiff'.")
    if format == "png" and (image.info.dtype == "float32" or image.info.channels not in (1, 3)):
        raise InputError(
            f"PNG cannot hold '{image.name}' ({image.info.channels} channels of {image.info.dtype}): "
            "give format='tiff'."
        )


def encoded_tile(pixels: NDArray[Any], format: Format, pixel_size_um: float) -> bytes:
    """A tile's file: PNG, or an OME-TIFF that holds the pixel size; (h, w) or (h, w, C) in."""
    if format == "tiff":
        return encoded_ome_tiff(pixels_picture(pixels, "a tile"), pixel_size_um)
    import imagecodecs

    return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels), level=4))
