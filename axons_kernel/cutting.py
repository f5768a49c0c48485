"""Cut an image of a project into tiles, keep those with tissue, and show which were kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import plotting
from .errors import InputError
from .foreground import find_foreground, tile_shares
from .project_image import ProjectImage
from .tiling import Edge, Foreground, Tile, Tiling, cut_image, keep_tiles
from .windows import read_windows

Keep = Literal["all", "tissue"]
_TILE_IN_PICTURE = 32  # pixels; a tile's side in the small picture on which tissue is looked for
_PICTURE_SIDE = 2048  # pixels; at most so large is that picture, if the image has such a level


def cut(
    image: ProjectImage, *, size: int, overlap: int, edge: Edge, level: int, keep: Keep, min_share: float
) -> Tiling:
    """The tiling of one level of an image. Raises InputError for what is not allowed, or when no tile has tissue."""
    if keep not in get_args(Keep):
        raise InputError(f"keep={keep!r} is not allowed: give 'all', or 'tissue' to drop tiles of empty background.")
    if not 0 < min_share <= 1:
        raise InputError(f"min_share={min_share:g} is not allowed: give a share of a tile, over 0 and up to 1.")
    levels = image.pyramid().levels
    if not 0 <= level < len(levels):
        raise InputError(f"'{image.name}' has no level {level}: give 0 to {len(levels) - 1}.")
    chosen = levels[level]
    tiling = cut_image(image.name, chosen.shape, size=size, overlap=overlap, edge=edge, level=level, scale=chosen.scale)
    return _with_tissue(image, tiling, min_share) if keep == "tissue" else tiling


def _with_tissue(image: ProjectImage, tiling: Tiling, min_share: float) -> Tiling:
    pyramid = image.pyramid()
    side = tiling.size * tiling.scale
    number = pyramid.level_for(max(side / _TILE_IN_PICTURE, max(pyramid.shape) / _PICTURE_SIDE))
    level = pyramid.levels[number]
    pixels = pyramid.read(Tile(0, 0, level.shape[1], level.shape[0]), number)
    found = find_foreground(pixels, detail=side / level.scale / 4)
    foreground = Foreground(background=found.background, threshold=found.threshold, min_share=min_share)
    return keep_tiles(tiling, tile_shares(found.mask, level.scale, tiling.tiles), foreground)


def tiles_of(image: ProjectImage, tiling: Tiling) -> Iterator[tuple[Tile, NDArray[Any]]]:
    """(tile, pixels) of all tiles of a tiling in their order, read ahead; pixels are (h, w) or (h, w, C)."""
    return zip(tiling.tiles, read_windows(image.pyramid(), tiling.tiles, tiling.level), strict=True)


def tiling_figure(image: ProjectImage, tiling: Tiling) -> Figure:
    """The image with the tiles that were kept outlined, and those that were dropped darkened."""
    picture = image.preview(labels=False)
    return plotting.kept_figure(picture, picture.shape[1] / image.shape[1], tiling.inside_tiles, tiling.dropped)
