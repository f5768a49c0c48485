"""Write a training set as files for other programs: pictures and masks by split, or COCO. Tiles keep all their bits."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..annotations import Annotation, LabelClass, PolygonLabel
from ..errors import InputError
from ..formats import coco
from ..formats.objects import rings_of_instances
from ..formats.png import encode_indexed
from ..formats.values import ImageLabels
from ..project_image import ProjectImage
from ..storage import Store
from ..tile_export import encoded_tile
from ..tiling import Tile
from ..training.targets import IGNORE, Targets
from ..widget.painting import Painting
from .combining import check_unchanged
from .exchange import MANIFEST, ExchangedImage, ExchangedTile, ExchangeManifest, Format, coco_file
from .training_set import SPLITS, TrainingSet, TrainingTile

_UNKNOWN = (128, 128, 128)  # the colour of 255: not known
_OWN = {"annotations", *SPLITS}


def export_set(
    training_set: TrainingSet,
    images: Sequence[ProjectImage],
    classes: Sequence[LabelClass],
    folder: str | os.PathLike[str],
    format: Format,
    *,
    progress: bool = True,
) -> None:
    """Write the tiles, then training_set.json: with it, the export is whole; one that was cut off is started again.

    Raises InputError when the folder holds anything else, or labels have changed since the set was made.
    """
    if format not in get_args(Format):
        raise InputError(f"format={format!r} is not allowed: give 'folder' or 'coco'.")
    target = Store(folder)
    other = [name for name in target.names("") if name not in _OWN]
    if other:
        raise InputError(f"{target.url} holds other files ({', '.join(other[:3])}): choose a new or an empty folder.")
    known = {c.name: c for c in classes}
    used = [known.get(name, LabelClass(name, _UNKNOWN)) for name in training_set.classes]
    described, tiles = [], []
    labels: dict[str, list[ImageLabels]] = {}
    with tqdm(
        total=len(training_set.tiles), desc="exporting", unit="tile", disable=not progress, file=sys.stdout
    ) as bar:
        for image in images:
            annotation = image.annotation()
            check_unchanged(training_set, image.name, annotation)
            shape, size = image.shape, image.pixel_size_um
            finished = image.name in training_set.finished
            described.append(ExchangedImage(name=image.name, shape=shape, pixel_size_um=size, finished=finished))
            writer = _ImageWriter(target, image, annotation, used, format)
            for item in (item for item in training_set.tiles if item.image == image.name):
                tiles.append(writer.write(item, labels))
                bar.update()
    for split, found in labels.items():
        writing = coco.write(tuple(found), tuple(used))
        target.write(coco_file(split), writing.files[coco.FILE])  # type: ignore[arg-type]
    manifest = _manifest(training_set, format, used, described, tiles)
    target.write(MANIFEST, manifest.encode())


def _manifest(
    training_set: TrainingSet,
    format: Format,
    classes: Sequence[LabelClass],
    images: Sequence[ExchangedImage],
    tiles: Sequence[ExchangedTile],
) -> ExchangeManifest:
    return ExchangeManifest(
        name=training_set.name,
        format=format,
        classes=tuple(classes),
        pixel_size_um=training_set.pixel_size_um,
        channels=training_set.channels,
        groups=training_set.groups,
        fold=training_set.fold,
        images=tuple(images),
        tiles=tuple(tiles),
    )


class _ImageWriter:
    """Writes the tiles of one image, reading only what they show."""

    def __init__(
        self,
        target: Store,
        image: ProjectImage,
        annotation: Annotation,
        classes: Sequence[LabelClass],
        format: Format,
    ):
        self._target, self._image, self._classes, self._format = target, image, classes, format
        names = [c.name for c in classes]
        self._labels = [one for one in annotation.labels if one.label_class is None or one.label_class in names]
        self._painting = Painting(self._labels)
        self._targets = Targets(annotation, names, image.shape, image.shape)
        info = image.info
        self._picture_format = "tiff" if info.dtype == "float32" or info.channels not in (1, 3) else "png"

    def write(self, item: TrainingTile, labels: dict[str, list[ImageLabels]]) -> ExchangedTile:
        """The picture, and its mask or, added to `labels`, its objects."""
        stem = f"{item.image}_x{item.tile.x:06d}_y{item.tile.y:06d}_{item.tile.width}x{item.tile.height}"
        file = f"{stem}.{'png' if self._picture_format == 'png' else 'tif'}"
        data = encoded_tile(self._image.read(item.tile), self._picture_format, self._image.pixel_size_um)  # type: ignore[arg-type]
        folder, mask = (
            (f"{item.split}/images", f"{item.split}/masks/{stem}.png") if self._format == "folder" else (item.split, "")
        )
        self._target.write(f"{folder}/{file}", data)
        if mask:
            self._target.write(mask, mask_png(self._targets.window(item.tile), self._classes))
        else:
            shape = (item.tile.height, item.tile.width)
            labels.setdefault(item.split, []).append(ImageLabels(stem, self._objects(item.tile, file), shape))
        return ExchangedTile(
            image=item.image,
            split=item.split,
            tile=item.tile,
            picture=f"{folder}/{file}",
            sha256=hashlib.sha256(data).hexdigest(),
            mask=mask,
        )

    def _objects(self, tile: Tile, file: str) -> Annotation:
        """What is seen of each object in the tile, in pixels of the tile: no two cover a pixel."""
        found = []
        for number, rings in rings_of_instances(self._painting.draw(tile, 1.0)):
            label = self._labels[number - 1]
            found.append(
                PolygonLabel(
                    label_class=label.label_class,
                    object_id=f"{label.object_id}_x{tile.x}_y{tile.y}",
                    source=label.source,
                    anno_data=label.anno_data,
                    regions=rings,
                )
            )
        return Annotation(tuple(found), file)


def mask_png(mask: NDArray[np.uint8], classes: Sequence[LabelClass]) -> bytes:
    """Class numbers (h, w) as a palette PNG: 0 is background, 255 is not known; the names are in a text inside."""
    colours: Mapping[int, tuple[int, int, int]] = {n: c.colour for n, c in enumerate(classes, start=1)}
    last = 255 if (mask == IGNORE).any() else len(classes)
    palette = [colours.get(number, _UNKNOWN if number else (0, 0, 0)) for number in range(last + 1)]
    return encode_indexed(mask, palette, {"classes": json.dumps([c.name for c in classes])})
