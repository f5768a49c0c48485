"""YOLO segmentation: `data.yaml` with the class names, and per image `labels/<image>.txt` with one outline a line.

Holds: the class and the outline of each label; holes and islands as one outline that goes there and back (key-holes).
Does not hold: points, ellipses and boxes as such (their outline is kept), labels without a class, groups, ids,
sources, attributes, finished tasks, colours, and the image's size: co-ordinates are parts of it, so it must be known,
and they are rounded (far below a pixel).
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from ..annotations import Annotation, BoxLabel, Label, LabelClass, PolygonLabel
from ..errors import InputError, SchemaError
from ..label_json import finite
from ..notes import Note
from .losses import Holds, losses
from .regions import flat, keyhole, without_keyholes
from .values import FileIds, Hints, ImageLabels, Reading, Shape, Writing, dropping

NAMES = "data.yaml"
HOLDS = Holds(
    as_they_are=frozenset({"polygon"}),
    as_outlines=frozenset({"box", "oriented_ellipse"}),
    object_ids=False,
    sources=False,
    attributes=False,
    unclassified=False,
)


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """`data.yaml` and one text file per image; class numbers count from 0 in the order of `classes`."""
    used = [label.label_class for image in images for label in flat(image.annotation.labels) if HOLDS.writes(label)]
    names = list(dict.fromkeys([*(c.name for c in classes), *(name for name in used if name is not None)]))
    numbers = {name: i for i, name in enumerate(names)}
    layout = {"path": ".", "train": "images", "val": "images", "names": dict(enumerate(names))}
    text = yaml.safe_dump(layout, allow_unicode=True, sort_keys=False)
    files = {NAMES: f"# The pictures are not exported: put them into the folder images/.\n{text}".encode()}
    for image in images:
        if image.shape is None:
            raise InputError(f"The size of {image.image} is not known, and YOLO needs it.")
        lines = [_line(label, numbers, image.shape) for label in flat(image.annotation.labels) if HOLDS.writes(label)]
        files[f"labels/{image.image}.txt"] = "".join(f"{line}\n" for line in lines).encode()
    return Writing(files, losses(images, HOLDS))


def _line(label: Label, numbers: Mapping[str, int], shape: Shape) -> str:
    height, width = shape
    ring = keyhole([ring for ring in label.rings() if len(ring) >= 3])
    values = " ".join(f"{x / width:.12g} {y / height:.12g}" for x, y in ring)
    return f"{numbers[label.label_class or '']} {values}"


def read_folder(name: str, files: Mapping[str, bytes], hints: Hints) -> Reading:
    """Read a folder: `files` by their path in it. Images that the project does not have are left out.

    Raises SchemaError when there is no class list, and none among the hints.
    """
    notes: list[Note] = []
    lists = [path for path in files if path.endswith((".yaml", ".yml"))]
    names = _names(lists[0], files[lists[0]]) if lists else dict(enumerate(hints.classes))
    if not names:
        raise SchemaError(
            f"{name} has no {NAMES} that names its classes: add it, or give classes=[...], in their order."
        )
    images = []
    for path, data in sorted(files.items()):
        stem = path.rsplit("/", 1)[-1].removesuffix(".txt")
        if not path.endswith(".txt") or stem == "classes":
            continue
        shape = hints.shape_of(stem)
        if shape is None:
            notes.append(Note(path, "left out", "the project has no image of that name"))
            continue
        found = _labels(path, data, names, shape, notes)
        images.append(ImageLabels(stem, Annotation(tuple(found)), shape))
    return Reading(tuple(images), notes=tuple(notes))


def _names(path: str, data: bytes) -> dict[int, str]:
    try:
        content = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise SchemaError(f"{path} is not readable YAML: {str(error)[:200]}.".replace("\n", " ")) from error
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(isinstance(key, int) for key in names):
        raise SchemaError(f"{path} does not name its classes: it needs the key 'names', as a list.")
    if not all(isinstance(text, str | int | float) for text in names.values()):  # str() of nested aliases takes years
        raise SchemaError(f"{path} has a class name that is no text: each of 'names' needs to be one.")
    return {number: str(text) for number, text in names.items()}


def _labels(path: str, data: bytes, names: Mapping[int, str], shape: Shape, notes: list[Note]) -> list[Label]:
    ids = FileIds(path.encode() + data)
    labels: list[Label] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        if line.strip():
            with dropping(notes, f"{path}, line {number}"):
                labels.append(_label(line.split(), names, shape, ids))
    return labels


def _label(values: list[str], names: Mapping[int, str], shape: Shape, ids: FileIds) -> Label:
    try:
        number, numbers = int(values[0]), [finite(float(value)) for value in values[1:]]
    except ValueError as error:
        raise ValueError("it is not a class number followed by numbers") from error
    if number not in names:
        raise ValueError(f"class {number} has no name")
    height, width = shape
    label_class, object_id = names[number], ids.next()
    if len(numbers) == 4:  # YOLO's detection form: a box by its centre and size
        x, y, w, h = (value * side for value, side in zip(numbers, (width, height, width, height), strict=True))
        return BoxLabel(label_class=label_class, object_id=object_id, source="yolo", centre=(x, y), size=(w, h))
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"{len(numbers)} numbers are no outline: x y of at least 3 points are needed")
    # what is rounded here is far below a pixel, and makes 11.5 of 11.499999999
    ring = tuple((round(x * width, 6), round(y * height, 6)) for x, y in zip(numbers[::2], numbers[1::2], strict=True))
    regions = without_keyholes(ring)
    return PolygonLabel(label_class=label_class, object_id=object_id, source="yolo", regions=regions)
