"""Stitch tiles straight into a file, which is there whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from tqdm import tqdm

from .blending import Blend
from .errors import InputError
from .ome_tiff import write_ome_tiff
from .stitching import Piece, stitching
from .storage import Store
from .tiling import Tiling


def stitch_to(
    to: str | os.PathLike[str],
    tiling: Tiling,
    pieces: Iterable[Piece],
    pixel_size_um: float | None,
    *,
    blend: Blend,
    fill: float | None,
    progress: bool,
) -> None:
    """Write the image that the pieces make to a path or URL; tiles are named in image pixels, as in the tiling.

    Raises InputError as `stitching` does, and when `to` is there already.
    """
    folder, slash, name = os.fspath(to).rpartition("/")
    target = Store(folder or slash or ".")
    if not name or target.exists(name):
        raise InputError(f"{os.fspath(to)!r} {'is there already' if name else 'names no file'}: give a new file name.")
    bar = tqdm(
        total=len(tiling.tiles), desc=f"stitching {tiling.image}", unit="tile", disable=not progress, file=sys.stdout
    )

    def in_level() -> Iterator[Piece]:
        for tile, values in pieces:
            yield tile.to_level(tiling.scale), values
            bar.update()

    with (
        bar,
        target.writing(name) as path,
        stitching(
            in_level(), tiling.level_tiles, tiling.level_shape, blend=blend, fill=fill, folder=path.parent
        ) as picture,
    ):
        write_ome_tiff(path, picture, pixel_size_um, categorical=blend == "vote")
