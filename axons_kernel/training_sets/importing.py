"""Read exported training sets back: pictures are verified, images put together again, masks become labels.

Where tiles leave a gap, an image that was not in the project before has zeros; to move a set to another machine for
training, a pack is better.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..annotations import Annotation, Label
from ..errors import InputError, NotFoundError
from ..formats import coco
from ..formats.objects import objects_of_mask
from ..formats.png import decode_numbers, png_shape
from ..formats.values import FileIds, Hints
from ..images import decode_image
from ..importing import ImportOptions, store_picture
from ..label_classes import add_classes
from ..project_image import ProjectImage
from ..rasterize import class_mask
from ..stitching import stitching
from ..storage import Store, check_name
from ..tiling import Tile
from ..training.targets import IGNORE, Targets
from .combining import GetImage
from .counting import FINISHED, TileCounter
from .exchange import MANIFEST, ExchangedImage, ExchangedTile, ExchangeManifest, coco_file
from .training_set import TrainingSet, TrainingTile, new_training_set

_NAMED = 5
_SOURCE = "mask"
_UNKNOWN = "\0unknown"  # no class of anybody


@dataclass(frozen=True)
class _Exported:
    """An export that was verified: `masks` are class numbers per picture, 255 is not known."""

    source: Store
    manifest: ExchangeManifest
    masks: Mapping[str, NDArray[np.uint8]]

    def tiles_of(self, image: str) -> dict[Tile, ExchangedTile]:
        """By their place."""
        return {item.tile: item for item in self.manifest.tiles if item.image == image}

    def pieces(self, image: str) -> Iterator[tuple[Tile, NDArray[Any]]]:
        """(tile, pixels), read one by one."""
        for tile, item in self.tiles_of(image).items():
            yield tile, _pixels(self.source, item)

    def mask(self, image: ExchangedImage) -> NDArray[np.uint8]:
        """(H, W) class numbers of the whole image; background where no tile is."""
        whole = np.zeros(image.shape, np.uint8)
        for tile, item in self.tiles_of(image.name).items():
            tile.cut(whole)[...] = self.masks[item.picture]
        return whole


def read_export(folder: Store) -> _Exported:
    """Everything but pixels. Raises InputError that names what is missing, was changed, or does not fit."""
    manifest = ExchangeManifest.decode(folder.read(MANIFEST), folder.path(MANIFEST))
    sizes = {image.name: image.shape for image in manifest.images}
    missing, changed = [], []
    for item in manifest.tiles:
        check_name(item.image, "an image")
        outside = item.image not in sizes or item.tile.clipped(sizes[item.image]) != item.tile or 0 in item.tile[2:]
        if outside or not all(map(_is_safe, filter(None, (item.picture, item.mask)))):
            raise InputError(f"{folder.path(MANIFEST)} names a tile or file that cannot be: {item!r:.200}.")
        if not folder.exists(item.picture) or (item.mask and not folder.exists(item.mask)):
            missing.append(item.picture)
        elif hashlib.sha256(folder.read(item.picture)).hexdigest() != item.sha256:
            changed.append(item.picture)
    if missing or changed:
        parts = [
            f"{len(names)} {what} ({', '.join(names[:_NAMED])})"
            for names, what in ((missing, "missing"), (changed, "changed"))
            if names
        ]
        raise InputError(f"{folder.url} is not as it was exported: {'; '.join(parts)}. Export the set again.")
    return _Exported(folder, manifest, _masks(folder, manifest))


def _is_safe(file: str) -> bool:
    parts = file.split("/")
    return "\\" not in file and all(part not in ("", ".", "..") for part in parts)


def _pixels(source: Store, item: ExchangedTile) -> NDArray[Any]:
    pixels = decode_image(source.read(item.picture), source.path(item.picture)).pixels
    if pixels.shape[:2] != (item.tile.height, item.tile.width):
        raise InputError(
            f"{source.path(item.picture)} is {pixels.shape[1]} x {pixels.shape[0]} pixels, not "
            f"{item.tile.width} x {item.tile.height}: export the set again."
        )
    return pixels


def _masks(source: Store, manifest: ExchangeManifest) -> dict[str, NDArray[np.uint8]]:
    """By picture. Masks may have been edited since; they must have the size of their tile, and known classes."""
    if manifest.format == "coco":
        return _coco_masks(source, manifest)
    found = {}
    for item in manifest.tiles:
        data, where = source.read(item.mask), source.path(item.mask)
        if png_shape(data) != (item.tile.height, item.tile.width):
            raise InputError(f"{where} is no PNG of {item.tile.width} x {item.tile.height} pixels, as its tile is.")
        numbers = decode_numbers(data, where)[0]
        strange = sorted({int(n) for n in np.unique(numbers)} - {*range(len(manifest.classes) + 1), IGNORE})
        if strange:
            raise InputError(
                f"{where} holds the values {strange[:8]}; there are {len(manifest.classes)} classes, so give 0 to "
                f"{len(manifest.classes)}, and {IGNORE} for what is not known."
            )
        found[item.picture] = numbers.astype(np.uint8)
    return found


def _coco_masks(source: Store, manifest: ExchangeManifest) -> dict[str, NDArray[np.uint8]]:
    numbers = {c.name: n for n, c in enumerate(manifest.classes, start=1)}
    found: dict[str, NDArray[np.uint8]] = {}
    for split in {item.split for item in manifest.tiles}:
        where, hints = source.path(coco_file(split)), Hints()
        reading = coco.read(where, source.read(coco_file(split)), hints)
        if reading.notes:
            raise InputError(f"{where} cannot be read in full ({reading.notes[0]}): export it again.")
        labels = {image.image.rpartition("/")[2]: image.annotation for image in reading.images}
        for item in (item for item in manifest.tiles if item.split == split):
            annotation = labels.get(item.picture.rpartition("/")[2])
            if annotation is None:
                raise InputError(f"{where} does not know the picture {item.picture}: export the set again.")
            marked = Annotation(tuple(_marked(label) for label in annotation.labels))
            shape = (item.tile.height, item.tile.width)
            found[item.picture] = class_mask(marked, {**numbers, _UNKNOWN: IGNORE}, shape)
    return found


def _marked(label: Label) -> Label:
    """A label without a class gets one, so that it is drawn."""
    return label if label.label_class is not None else replace(label, label_class=_UNKNOWN)


def import_export(store: Store, folder: Store, get_image: GetImage, name: str | None) -> TrainingSet:
    """Images and labels into the project, and the set, as it was: tiles, masks and splits are the same.

    Raises InputError, with nothing changed, when the project has an image of the same name with other pixels or labels.
    """
    exported = read_export(folder)
    manifest = exported.manifest
    names = [c.name for c in manifest.classes]
    there = {
        image.name: handle for image in manifest.images if (handle := _existing(exported, image, names, get_image))
    }
    add_classes(store, manifest.classes)
    for image in manifest.images:
        handle = there.get(image.name) or _store_image(store, exported, image, get_image)
        if not handle.annotation().labels:
            handle.save_annotation(_annotation(exported, image, handle, names))
    handles = {image.name: get_image(image.name) for image in manifest.images}
    return new_training_set(
        name or manifest.name,
        classes=names,
        tiles=_counted(manifest, handles, names),
        annotation_sha256={image: handle.labels_sha256() for image, handle in handles.items()},
        pixel_size_um=manifest.pixel_size_um,
        channels=manifest.channels,
        groups=manifest.groups,
        fold=manifest.fold,
        finished=tuple(image.name for image in manifest.images if image.finished),
        made_with={"imported": manifest.format},
    )


def _counted(
    manifest: ExchangeManifest, handles: Mapping[str, ProjectImage], classes: Sequence[str]
) -> list[TrainingTile]:
    counters = {n: TileCounter(h, h.annotation(), classes, manifest.pixel_size_um) for n, h in handles.items()}
    return [
        TrainingTile(image=i.image, tile=i.tile, split=i.split, pixels=counters[i.image].count(i.tile))
        for i in manifest.tiles
    ]


def _existing(
    exported: _Exported, image: ExchangedImage, classes: Sequence[str], get_image: GetImage
) -> ProjectImage | None:
    """The image that the project has already; None when it has none of that name."""
    try:
        handle = get_image(image.name)
    except NotFoundError:
        return None
    same = handle.shape == image.shape and all(
        np.array_equal(handle.read(tile), pixels) for tile, pixels in exported.pieces(image.name)
    )
    annotation = handle.annotation()
    if same and annotation.labels:
        targets = Targets(annotation, classes, image.shape, image.shape)
        tiles = exported.tiles_of(image.name).items()
        same = all(np.array_equal(targets.window(tile), exported.masks[item.picture]) for tile, item in tiles)
    if not same:
        raise InputError(
            f"The project has another image '{image.name}', or other labels of it, so nothing was imported: import "
            "into a new project."
        )
    return handle


def _store_image(store: Store, exported: _Exported, image: ExchangedImage, get_image: GetImage) -> ProjectImage:
    tiles = exported.tiles_of(image.name)
    sha256 = hashlib.sha256("".join(item.sha256 for item in tiles.values()).encode()).hexdigest()
    options = ImportOptions(source_pixel_size_um=image.pixel_size_um, progress=False)
    with stitching(exported.pieces(image.name), tuple(tiles), image.shape, blend="uniform", fill=0) as picture:
        store_picture(store, picture, MANIFEST, sha256, image.name, options)
    return get_image(image.name)


def _annotation(exported: _Exported, image: ExchangedImage, handle: ProjectImage, classes: Sequence[str]) -> Annotation:
    mask = exported.mask(image)
    ids = FileIds(mask.tobytes())
    labels = [
        label
        for number, name in [*enumerate(classes, start=1), (IGNORE, None)]
        if (mask == number).any()
        for label in objects_of_mask(mask == number, name, _SOURCE, ids)
    ]
    tasks = (FINISHED,) if image.finished else ()
    return Annotation(tuple(labels), handle.info.source_name, tasks, version=handle.annotation().version)
