"""manifest.json beside exported tiles: where each lies in its image, and how to know that it was not changed."""

from __future__ import annotations

import json
import uuid
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from .documents import Document
from .images import ImageInfo
from .tiling import Tile, Tiling

Format = Literal["png", "tiff"]
MANIFEST = "manifest.json"
OUTLINES = "tiles.geojson"
TILES = "tiles"


class TileFile(BaseModel):
    """One exported tile: its file, its sha256, and its window in image pixels."""

    model_config = ConfigDict(frozen=True, extra="allow")
    file: str
    sha256: str
    x: int
    y: int
    width: int
    height: int

    @property
    def tile(self) -> Tile:
        """The window in image pixels."""
        return Tile(self.x, self.y, self.width, self.height)


class TileManifest(Document):
    """`image_sha256` is that of the source file the image came from; `pixel_size_um` is that of the tiles' pixels."""

    kind: ClassVar[str] = "tiles"
    image: str
    image_sha256: str
    image_shape: tuple[int, int]  # (H, W) in image pixels
    pixel_size_um: float
    dtype: str
    channels: int
    size: int
    overlap: int
    edge: str
    level: int
    scale: int
    shape: tuple[int, int]  # (h, w) of the level in its pixels
    files: tuple[TileFile, ...]


def manifest_of(info: ImageInfo, tiling: Tiling, files: tuple[TileFile, ...]) -> TileManifest:
    """The manifest of the tiles of one image."""
    return TileManifest(
        image=info.name,
        image_sha256=info.sha256,
        image_shape=info.shape,
        pixel_size_um=info.pixel_size_um * tiling.scale,
        dtype=info.dtype,
        channels=info.channels,
        size=tiling.size,
        overlap=tiling.overlap,
        edge=tiling.edge,
        level=tiling.level,
        scale=tiling.scale,
        shape=tiling.level_shape,
        files=files,
    )


def tile_file_name(image: str, tile: Tile, format: Format) -> str:
    """Where a tile is stored in the folder, such as tiles/nerve_x000512_y001024.png."""
    return f"{TILES}/{image}_x{tile.x:06d}_y{tile.y:06d}.{'png' if format == 'png' else 'tif'}"


def outlines(manifest: TileManifest) -> bytes:
    """The tiles as GeoJSON that QuPath reads: one locked annotation each, in pixels of the image."""
    features = []
    for file in manifest.files:
        tile = file.tile.clipped(manifest.image_shape)
        left, top, right, bottom = tile.x, tile.y, tile.x + tile.width, tile.y + tile.height
        ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
        features.append(
            {
                "type": "Feature",
                "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{manifest.image_sha256} {file.file}")),
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {"objectType": "annotation", "name": file.file, "isLocked": True},
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=1).encode()
