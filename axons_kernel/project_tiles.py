"""The part of a Project that cuts images into tiles, puts tiles together, and exchanges them as files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from matplotlib.figure import Figure
from numpy.typing import NDArray

from .blending import Blend
from .cutting import Keep, cut, tiles_of, tiling_figure
from .errors import NotFoundError
from .project_image import ProjectImage
from .stitched_files import stitch_to
from .stitching import Piece
from .storage import Store
from .tile_export import export_tiles
from .tile_import import import_as_image, import_each_tile
from .tile_manifest import Format
from .tiling import Edge, Tile, Tiling


class ProjectTiles:
    """Methods of a Project, which has the `store` and knows its images."""

    store: Store

    def image(self, name: str) -> ProjectImage:
        """The image of that name. Raises NotFoundError."""
        raise NotImplementedError

    def _image_of(self, image: ProjectImage | str) -> ProjectImage:
        return self.image(image if isinstance(image, str) else image.name)

    def tile(
        self,
        image: ProjectImage | str,
        *,
        size: int = 512,
        overlap: int = 64,
        edge: Edge = "shift",
        level: int = 0,
        keep: Keep = "all",
        min_share: float = 0.1,
    ) -> Tiling:
        """Cut an image into tiles (windows) of `size` pixels that overlap by `overlap`, and remember it.

        At the edge tiles are shifted inwards ("shift"), reach over it and are mirrored there ("reflect"), or are left
        out ("drop"). `level` chooses a coarser level of the image (1: half the size, ...). keep="tissue" drops tiles
        with less than `min_share` of tissue; see which with `project.tiling_figure(image)`.
        """
        image = self._image_of(image)
        key = f"tilings/{image.name}.json"
        before = self.store.version(key)
        tiling = cut(image, size=size, overlap=overlap, edge=edge, level=level, keep=keep, min_share=min_share)
        self.store.replace(key, tiling.encode(), before)  # another process may have been faster
        return tiling

    def tiling(self, image: ProjectImage | str) -> Tiling:
        """How an image was cut last. Raises NotFoundError when it was not."""
        name = self._image_of(image).name
        key = f"tilings/{name}.json"
        if not self.store.exists(key):
            raise NotFoundError(f"Image '{name}' has no tiles yet: call project.tile(image) first.")
        return Tiling.decode(self.store.read(key), key)

    def tiling_figure(self, image: ProjectImage | str) -> Figure:
        """The image with its tiles: kept ones outlined, dropped ones dimmed."""
        return tiling_figure(self._image_of(image), self.tiling(image))

    def read_tiles(self, tiles: Tiling | ProjectImage | str) -> Iterator[tuple[Tile, NDArray[Any]]]:
        """(tile, pixels) of each tile of a tiling, or of the tiles of an image, in order, read a few tiles ahead.

        Pixels are (h, w) or (h, w, C) in the image's own type.
        """
        tiling = tiles if isinstance(tiles, Tiling) else self.tiling(tiles)
        return tiles_of(self.image(tiling.image), tiling)

    def stitch(
        self,
        tiling: Tiling,
        pieces: Iterable[Piece],
        to: str | os.PathLike[str],
        *,
        blend: Blend = "linear",
        fill: float | None = None,
        progress: bool = True,
    ) -> None:
        """Put the tiles of a tiling together into a tiled, pyramidal OME-TIFF at `to`, in little memory.

        `pieces` are (tile, values) in any order, values (h, w) or (h, w, C) of uint8, uint16 or float32. Where tiles
        overlap, values are blended ("uniform", "linear", "hann", "gaussian") or, for class numbers, voted on ("vote").
        `fill` is the value where no tile is. Raises InputError, and `to` stays as it was, when tiles are missing.
        """
        pixel_size_um = self.image(tiling.image).pixel_size_um * tiling.scale
        stitch_to(to, tiling, pieces, pixel_size_um, blend=blend, fill=fill, progress=progress)

    def export_tiles(
        self,
        image: ProjectImage | str,
        folder: str | os.PathLike[str],
        *,
        format: Format = "png",
        progress: bool = True,
    ) -> None:
        """Write the tiles of an image into a new folder as PNG or TIFF files, for other programs.

        Beside them stand manifest.json (places, checksums, pixel size) and tiles.geojson (outlines for QuPath).
        Raises InputError when the folder holds other files, or PNG cannot hold the image's values.
        """
        export_tiles(self._image_of(image), self.tiling(image), folder, format, progress=progress)

    def import_tiles(
        self, folder: str | os.PathLike[str], *, name: str | None = None, each: bool = False, progress: bool = True
    ) -> list[ProjectImage]:
        """Read what `export_tiles` wrote: put together as one image, or `each` tile as an image of its own.

        `name` is the image's name (or how the names of the tiles begin), by default that of the source. Raises
        InputError that names every file that is missing or was changed; then nothing is imported.
        """
        work = import_each_tile if each else import_as_image
        return [self.image(info.name) for info in work(self.store, folder, name, progress=progress)]
