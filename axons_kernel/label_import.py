"""Labels into a project, from the formats of other programs: all of a source is read and checked before any is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .annotations import Annotation, Label, LabelClass
from .errors import InputError
from .formats.registry import FORMATS
from .formats.repairs import repaired
from .formats.scaling import scaled
from .formats.values import Hints, ImageLabels
from .label_classes import add_classes
from .label_sources import LabelSource, Target, read_source_labels
from .notes import Note, labels_text, summary
from .pausing import collection_paused
from .project_image import ProjectImage
from .storage import Store, name_from_file


@dataclass(frozen=True, repr=False)
class ImportReport:
    """What was imported: labels `added` per image, how many were `known` already, and what was repaired or dropped."""

    source: str
    format: str
    added: Mapping[str, int]
    known: int
    notes: tuple[Note, ...]

    def __repr__(self) -> str:
        images = ", ".join(f"{name} {n}" for name, n in self.added.items())
        lines = [f"{labels_text(sum(self.added.values()))} imported from {self.source} ({self.format}): {images}"]
        if self.known:
            lines.append(f"Already there (the same id): {labels_text(self.known)}; the project's own were kept.")
        if self.notes:
            lines += ["Not all could be taken as it is:", *(f"  {line}" for line in summary(self.notes))]
        return "\n".join(lines)


@collection_paused()
def import_labels(
    store: Store,
    images: Sequence[ProjectImage],
    location: str | os.PathLike[str],
    *,
    format_name: str | None = None,
    only: bool = False,
    classes: Sequence[str] | None = None,
    replace_labels: bool = False,
) -> ImportReport:
    """Read labels from a file or folder, and add them to those of `images` that they belong to.

    With `only`, files belong to the single image, whatever they are called. Raises SchemaError, ImageReadError or
    InputError, with nothing changed, when the source cannot be read, or belongs to no image or to one of another size.
    """
    if not images:
        raise InputError("The project has no image yet: import the images first, then their labels.")
    source = LabelSource.at(location)
    chosen = format_name or source.format()
    notes: list[Note] = []
    found, named = _found(source, chosen, images, images[0] if only else None, classes, notes)
    if not found:
        have = ", ".join(image.name for image in images[:20])
        raise InputError(
            f"{source.location} belongs to none of the images ({have}): import its image first, or say which it is "
            "with image=..."
        )
    add = _in_order(classes or (), found, named)
    added, known = _keep(store, {image.name: image for image in images}, found, add, replace_labels, notes)
    return ImportReport(source.location, chosen, added, known, tuple(notes))


def _found(
    source: LabelSource,
    chosen: str,
    images: Sequence[ProjectImage],
    only: ProjectImage | None,
    classes: Sequence[str] | None,
    notes: list[Note],
) -> tuple[dict[str, Annotation], list[LabelClass]]:
    """What the source holds by the name of the image it belongs to, and the classes whose colours it knows."""
    index = _by_alias(images)
    hints = Hints(
        tuple(classes if classes is not None else images[0].colours),
        {alias: image.shape for alias, image in index.items()},
        frozenset(size for image in images for size in (image.shape, image.info.source_shape)),
    )
    targets = [Target(i.name, _aliases(i), (i.shape, i.info.source_shape)) for i in images]
    found: dict[str, Annotation] = {}
    named: list[LabelClass] = []
    for file, reading in read_source_labels(source, chosen, hints, targets):
        prefix = f"{file}: " if len(source.names) > 1 and file != source.location else ""
        notes += [replace(note, where=prefix + note.where) for note in reading.notes]
        named += reading.classes
        for item in reading.images:
            image = only if only and len(reading.images) == 1 else _image_of(item, file, chosen, index)
            if image is None:
                notes.append(Note(item.image or file, "left out", "the project has no image of that name"))
                continue
            annotation = _checked(item, image, file, f"{image.name}: " if len(images) > 1 else "", notes)
            found[image.name] = _joined(found[image.name], annotation) if image.name in found else annotation
    return found, named


def _aliases(image: ProjectImage) -> tuple[str, ...]:
    """What files may call an image."""
    source = image.info.source_name
    return tuple(dict.fromkeys((image.name, source, os.path.splitext(source)[0], name_from_file(source))))


def _by_alias(images: Sequence[ProjectImage]) -> dict[str, ProjectImage]:
    """Images by what files may call them, in lower case; names that two of them share lead to neither."""
    index: dict[str, ProjectImage | None] = {}
    for image in images:
        for alias in {alias.casefold() for alias in _aliases(image)}:
            index[alias] = None if alias in index else image
    index |= {image.name.casefold(): image for image in images}  # a project's own name is never in doubt
    return {alias: image for alias, image in index.items() if image is not None}


def _image_of(item: ImageLabels, file: str, chosen: str, index: Mapping[str, ProjectImage]) -> ProjectImage | None:
    base = file.rpartition("/")[2]
    suffix = FORMATS[chosen].suffix if chosen in FORMATS else ""
    stem = base.removesuffix(suffix) if suffix and base.endswith(suffix) else os.path.splitext(base)[0]
    inside = item.image.replace("\\", "/").rpartition("/")[2]
    for name in (inside, os.path.splitext(inside)[0], name_from_file(inside) if inside else "", stem):
        if image := index.get(name.casefold()):
            return image
    return None


def _checked(item: ImageLabels, image: ProjectImage, file: str, prefix: str, notes: list[Note]) -> Annotation:
    """The annotation, mended where it must be. Raises InputError when it is for another size of image."""
    annotation = item.annotation
    if item.shape is not None and item.shape != image.shape:
        height, width = item.shape
        if item.shape != image.info.source_shape:
            raise InputError(
                f"{file} is for an image of {width} x {height} pixels, but {image.name} is {image.shape[1]} x "
                f"{image.shape[0]}: its labels would lie in the wrong place. Is it the right file?"
            )
        factor = (image.shape[1] / width, image.shape[0] / height)
        annotation = replace(annotation, labels=tuple(scaled(label, factor) for label in annotation.labels))
        notes.append(Note(prefix + "All labels", "scaled", "the image was resampled when it was imported"))
    own: list[Note] = []
    given, annotation = len(annotation.labels), repaired(annotation, image.shape, own)
    if given and not annotation.labels:
        raise InputError(
            f"None of the {given} labels of {file} can be used for {image.name} ({image.shape[1]} x {image.shape[0]} "
            f"pixels): {own[0].why}. Is it the right image?"
        )
    notes += [replace(note, where=prefix + note.where) for note in own]
    return annotation


def _joined(first: Annotation, second: Annotation) -> Annotation:
    tasks = dict.fromkeys((*first.completed_tasks, *second.completed_tasks))
    return replace(
        first,
        labels=first.labels + second.labels,
        completed_tasks=tuple(tasks),
        extra={**second.extra, **first.extra},
    )


def _keep(
    store: Store,
    images: Mapping[str, ProjectImage],
    found: Mapping[str, Annotation],
    classes: Sequence[str | LabelClass],
    replace_labels: bool,
    notes: list[Note],
) -> tuple[dict[str, int], int]:
    """Write: classes first, then image after image. Returns labels added per image, and how many were there."""
    editings = {name: images[name].edit_annotation() for name in found}  # a broken file shows before the first write
    add_classes(store, classes)
    added, known = {}, 0
    for name, annotation in found.items():
        editing = editings[name]
        before = replace(editing.annotation, labels=()) if replace_labels else editing.annotation
        have = {label.object_id: label for label in before.labels}
        new = tuple({label.object_id: label for label in annotation.labels if label.object_id not in have}.values())
        editing.save(_joined(before, replace(annotation, labels=new)))
        other = sum(have.get(label.object_id, label) != label for label in annotation.labels)
        if other:
            why = "they differ from the project's labels of the same ids; replace=True takes those of the file"
            notes.append(Note(name, "not taken", why, other))
        added[name] = len(new)
        known += len(annotation.labels) - len(new)
    return added, known


def _in_order(
    given: Sequence[str], found: Mapping[str, Annotation], named: Sequence[LabelClass]
) -> list[str | LabelClass]:
    """The classes to add: those used in the order that the user has given, those of the file, the others."""
    used = dict.fromkeys(name for annotation in found.values() for name in _class_names(annotation.labels))
    coloured = {c.name: c for c in named}
    names = dict.fromkeys([*(name for name in given if name in used), *coloured, *used])
    return [coloured.get(name, name) for name in names]


def _class_names(labels: Sequence[Label]) -> list[str]:
    """Classes of labels and of the components of groups, in the order of their first use."""
    parts = [part for label in labels for part in getattr(label, "components", ()) if isinstance(part, Label)]
    own = [label.label_class for label in labels if label.label_class]
    return list(dict.fromkeys([*own, *(_class_names(parts) if parts else ())]))
