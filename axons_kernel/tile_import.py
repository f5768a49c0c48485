"""Read exported tiles back: every file is checked against the manifest before anything is imported."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .errors import InputError
from .images import ImageInfo, decode_image
from .importing import ImportOptions, store_image, store_picture
from .stitching import stitching
from .storage import Store, check_name
from .tile_manifest import MANIFEST, TileFile, TileManifest
from .tiling import Tile

_NAMED = 5  # so many broken files are named in a message


def import_as_image(
    store: Store, folder: str | os.PathLike[str], name: str | None, *, progress: bool
) -> list[ImageInfo]:
    """The tiles put together as one image, at the pixel size of the tiles; 0 where the export had no tile."""
    source, manifest, data = _checked(folder, progress)
    scale = manifest.scale
    windows = {file.tile.to_level(scale): file for file in manifest.files}

    def pieces() -> Iterator[tuple[Tile, NDArray[Any]]]:
        for window, file in windows.items():
            yield window, _pixels(source, file, manifest)

    with stitching(pieces(), tuple(windows), manifest.shape, blend="uniform", fill=0) as picture:
        wanted = check_name(name or manifest.image, "an image")
        sha256 = hashlib.sha256(data).hexdigest()  # of the manifest, which holds those of all tiles
        options = ImportOptions(source_pixel_size_um=manifest.pixel_size_um, progress=progress)
        return [store_picture(store, picture, MANIFEST, sha256, wanted, options)]


def import_each_tile(
    store: Store, folder: str | os.PathLike[str], name: str | None, *, progress: bool
) -> list[ImageInfo]:
    """Each tile as an image named <name>_x<left>_y<top>."""
    source, manifest, _ = _checked(folder, progress)
    begin = check_name(name or manifest.image, "images")
    options = ImportOptions(source_pixel_size_um=manifest.pixel_size_um, progress=False)
    stored = []
    for file in _bar(manifest.files, "importing", progress):
        called = f"{begin}_x{file.x:06d}_y{file.y:06d}"
        stored.append(store_image(store, _pixels(source, file, manifest), called, options))
    return stored


def _checked(folder: str | os.PathLike[str], progress: bool) -> tuple[Store, TileManifest, bytes]:
    """The folder, its manifest and the manifest's bytes. Raises InputError that names missing and changed files."""
    source = Store(folder)
    if not source.exists(MANIFEST):
        raise InputError(f"{source.url} has no {MANIFEST}: give a folder that project.export_tiles has finished.")
    data = source.read(MANIFEST)
    manifest = TileManifest.decode(data, source.path(MANIFEST))
    missing, changed = [], []
    for file in _bar(manifest.files, "checking", progress):
        if not _is_safe(file.file):
            raise InputError(f"{source.path(MANIFEST)} names the file {file.file!r}, which is not inside the folder.")
        if not source.exists(file.file):
            missing.append(file.file)
        elif hashlib.sha256(source.read(file.file)).hexdigest() != file.sha256:
            changed.append(file.file)
    if missing or changed:
        parts = [_list(names, what) for names, what in ((missing, "missing"), (changed, "changed")) if names]
        raise InputError(f"{source.url} is not as it was exported: {'; '.join(parts)}. Export the tiles again.")
    return source, manifest, data


def _is_safe(file: str) -> bool:
    parts = file.split("/")
    return not file.startswith("/") and "\\" not in file and all(part not in ("", ".", "..") for part in parts)


def _list(names: list[str], what: str) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} {'is' if len(names) == 1 else 'are'} {what}"


def _pixels(source: Store, file: TileFile, manifest: TileManifest) -> NDArray[Any]:
    """(h, w) or (h, w, C) of a tile. Raises InputError when it is not what the manifest says."""
    pixels = decode_image(source.read(file.file), source.path(file.file)).pixels
    wanted = (file.height // manifest.scale, file.width // manifest.scale, manifest.channels)
    if (*pixels.shape, 1)[:3] != wanted or pixels.dtype != np.dtype(manifest.dtype):
        raise InputError(
            f"{source.path(file.file)} holds {pixels.shape} of {pixels.dtype}; {wanted} of {manifest.dtype} is needed."
        )
    return pixels


def _bar(files: Iterable[TileFile], what: str, progress: bool) -> Iterator[TileFile]:
    yield from tqdm(files, desc=f"{what} tiles", unit="tile", disable=not progress, delay=1, file=sys.stdout)
