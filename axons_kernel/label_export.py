"""Labels out of a project, in the formats of other programs; what a format cannot hold is told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from .annotations import LabelClass
from .errors import InputError
from .formats.registry import format_named
from .formats.values import ImageLabels
from .notes import Note, labels_text, summary
from .pausing import collection_paused
from .project_image import ProjectImage
from .storage import Store


@dataclass(frozen=True, repr=False)
class ExportReport:
    """What was exported: the `files` with their full paths, and `losses`, what the format could not hold."""

    format: str
    labels: int
    files: tuple[str, ...]
    losses: tuple[Note, ...]

    def __repr__(self) -> str:
        where = self.files[0] if len(self.files) == 1 else os.path.commonpath(self.files)
        count = f"{len(self.files)} files" if len(self.files) != 1 else "1 file"
        lines = [f"{labels_text(self.labels)} as {self.format}, {count}: {where}"]
        if self.losses:
            lines += ["What this format could not hold:", *(f"  {line}" for line in summary(self.losses))]
        else:
            lines.append("Nothing was lost.")
        return "\n".join(lines)


def has_labels(image: ProjectImage) -> bool:
    """Whether there is something to export of an image; one without labels counts when it is marked as finished."""
    annotation = image.annotation()
    return bool(annotation.labels or annotation.completed_tasks)


@collection_paused()
def export_labels(
    store: Store,
    images: Sequence[ProjectImage],
    classes: Sequence[LabelClass],
    format_name: str,
    folder: str | os.PathLike[str] | None,
    overwrite: bool,
) -> ExportReport:
    """Write the labels of `images` into `folder`, by default `exports/<format>` in the project.

    Raises InputError when there is nothing to export, or a file is there already that may be somebody's work.
    """
    chosen = format_named(format_name)
    if not images:
        raise InputError("There is nothing to export: no image has labels. Annotate first: project.annotate(image).")
    target, prefix = (store, f"exports/{format_name}/") if folder is None else (Store(folder), "")
    guarded = folder is not None and not overwrite
    if guarded and chosen.per_image:  # before the first is written
        _check_free(target, [image.name + chosen.suffix for image in images])
    files: list[str] = []
    losses: list[Note] = []
    count = 0
    for batch in [[image] for image in images] if chosen.per_image else [list(images)]:
        labels = [ImageLabels(image.name, image.annotation(), image.shape) for image in batch]
        count += sum(len(item.annotation.labels) for item in labels)
        writing = chosen.write(tuple(labels), tuple(classes))
        if guarded:
            _check_free(target, list(writing.files))
        for name, data in writing.files.items():
            target.write(prefix + name, data)
            files.append(target.path(prefix + name))
        losses += writing.losses
    return ExportReport(format_name, count, tuple(files), tuple(losses))


def _check_free(target: Store, names: Sequence[str]) -> None:
    taken = [name for name in names if target.exists(name)]
    if taken:
        raise InputError(f"{target.path(taken[0])} is there already: choose another folder, or say overwrite=True.")
