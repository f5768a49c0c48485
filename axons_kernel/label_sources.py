"""Where labels are imported from: a file, or all label files of a folder; which format they are in; what they hold."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from .annotations import Annotation
from .errors import InputError, SchemaError
from .formats import yolo
from .formats.mask_folder import PICTURES, assign, labels_of
from .formats.png import MAGIC, decode_numbers, png_shape
from .formats.registry import FORMATS, format_named, format_of
from .formats.values import Hints, ImageLabels, Reading, Shape
from .images import decode_image
from .storage import Store, read_source

MASKS = "masks"  # a folder with one mask per image and class; it is only read
_LABELS = (".json", ".geojson", ".zip", ".roi")
_MOST_FILES = 20_000


@dataclass(frozen=True)
class Target:
    """What a mask folder needs to know of an image: the names its files may start with, and the sizes they may have."""

    name: str
    aliases: tuple[str, ...]
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class LabelSource:
    """A file (`folder` False, one name) or the files of a folder by their path in it, each read when it is its turn."""

    location: str
    names: tuple[str, ...]
    folder: bool
    data: bytes = field(default=b"", repr=False)  # of a single file, which is read once

    @classmethod
    def at(cls, location: str | os.PathLike[str]) -> LabelSource:
        """What is there. Raises InputError when a folder is empty or has too many files."""
        given = os.fspath(location)
        store = Store(given)
        if not store.names(""):
            if os.path.isdir(given):
                raise InputError(f"{given} is an empty folder: give one that holds label files or masks.")
            return cls(given, (given.rstrip("/").rpartition("/")[2],), False, read_source(given))
        names = sorted(key for key, _ in store.walk())
        if len(names) > _MOST_FILES:
            raise InputError(
                f"{given} holds {len(names)} files; at most {_MOST_FILES} are read: choose a smaller folder."
            )
        return cls(given, tuple(names), True)

    def read(self, name: str) -> bytes:
        """The bytes of one of the files."""
        return Store(self.location).read(name) if self.folder else self.data

    def format(self) -> str:
        """The format that the files are in, by their names and their first bytes. Raises SchemaError."""
        if not self.folder:
            return format_of(self.names[0], self.read(self.names[0]))
        ends = Counter(os.path.splitext(name)[1].lower() for name in self.names)
        pictures = [name for name in self.names if name.lower().endswith(PICTURES)]
        labels = [name for name in self.names if name.lower().endswith(_LABELS)]
        if any(name.endswith(yolo.NAMES) for name in self.names) or ends[".txt"] > len(pictures) + len(labels):
            return "yolo"
        if len(pictures) >= len(labels) and pictures:
            for name in ("mask", "instances"):
                if all(picture.endswith(FORMATS[name].suffix) for picture in pictures):
                    return name
            return MASKS
        for name in labels:
            try:
                return format_of(name, self.read(name))
            except SchemaError:
                continue  # a JSON file of another kind lies there too
        raise SchemaError(f"{self.location} holds no label file of a known kind; known are: {', '.join(FORMATS)}.")


def read_source_labels(
    source: LabelSource, format_name: str, hints: Hints, targets: Sequence[Target]
) -> list[tuple[str, Reading]]:
    """(file, what it holds) for each file. Raises SchemaError, ImageReadError or InputError that names the file."""
    if format_name == MASKS:
        return [(source.location, _read_masks(source, hints, targets))]
    chosen = format_named(format_name)
    if chosen.read_folder is not None:
        wanted = [name for name in source.names if name.endswith((".txt", ".yaml", ".yml"))]
        files = {name: source.read(name) for name in wanted}
        return [(source.location, chosen.read_folder(source.location, files, hints))]
    if chosen.read is None:
        raise InputError(f"{format_name} can only be written.")
    readings = []
    for name in _progress(source.names, "reading labels"):
        data = source.read(name)
        if source.folder and not _is_in(format_name, name, data):
            continue
        readings.append((name, chosen.read(name, data, hints)))
    return readings


def _is_in(format_name: str, name: str, data: bytes) -> bool:
    try:
        return format_of(name, data) == format_name
    except SchemaError:
        return False


def _read_masks(source: LabelSource, hints: Hints, targets: Sequence[Target]) -> Reading:
    if not hints.classes:
        raise InputError("Which classes are in the masks? Give classes=[...], as their files name them.")
    pictures = [name for name in source.names if name.lower().endswith(PICTURES)]
    files, notes = assign(pictures, {t.name: t.aliases for t in targets}, hints.classes)
    by_name = {target.name: target for target in targets}
    images = []
    for file in _progress(files, "reading masks"):
        data, shapes = source.read(file.path), by_name[file.image].shapes
        size = png_shape(data)
        if size is not None and size not in shapes:
            raise _wrong_size(file.path, size, file.image, shapes[0])
        pixels = decode_numbers(data, file.path)[0] if data.startswith(MAGIC) else decode_image(data, file.path).pixels
        shape = (pixels.shape[0], pixels.shape[1])
        if shape not in shapes:
            raise _wrong_size(file.path, shape, file.image, shapes[0])
        labels = labels_of(file, pixels, data, notes)
        images.append(ImageLabels(file.image, Annotation(tuple(labels)), shape))
    return Reading(tuple(images), notes=tuple(notes))


def _wrong_size(path: str, size: Shape, image: str, shape: Shape) -> InputError:
    return InputError(
        f"{path} is {size[1]} x {size[0]} pixels, but {image} is {shape[1]} x {shape[0]}: a mask needs the size of its "
        "image."
    )


def _progress(items: Sequence[Any], what: str) -> Any:
    return tqdm(items, desc=what, unit="file", delay=1, leave=False, file=sys.stdout)
