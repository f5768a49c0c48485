"""Two people have changed the labels of one image: what both have done, put together where it does not contradict.

A label is known by its id. Nothing that either of them has made or changed is lost: a deletion gives way to a change.
"""

from __future__ import annotations

from .annotations import Annotation
from .errors import ConflictError
from .labels import Label


def merge(base: Annotation, mine: Annotation, theirs: Annotation) -> Annotation:
    """`mine` with what `theirs` has changed since `base`, which both started from; their new labels lie on top.

    Raises ConflictError when both have changed one label, each in another way.
    """
    before, other = _by_id(base), _by_id(theirs)
    both = [
        label.object_id
        for label in mine.labels
        if label.object_id in other
        and label != before.get(label.object_id)
        and other[label.object_id] != before.get(label.object_id)
        and label != other[label.object_id]
    ]
    if both:
        raise ConflictError(
            f"{len(both)} label{'s were' if len(both) > 1 else ' was'} changed here and by somebody else at the same "
            "time. Open the image again to see what they made of it, and do your last change again."
        )
    labels = [kept for label in mine.labels if (kept := _kept(label, before, other)) is not None]
    known = {label.object_id for label in mine.labels}
    labels += [
        label
        for label in theirs.labels
        if label.object_id not in known and label != before.get(label.object_id)  # new, or changed where mine deleted
    ]
    return Annotation(
        labels=tuple(labels),
        image_filename=mine.image_filename,
        completed_tasks=_merged_tasks(base, mine, theirs),
        extra={**theirs.extra, **mine.extra},
    )


def _kept(label: Label, before: dict[str, Label], other: dict[str, Label]) -> Label | None:
    """What becomes of a label of mine: it, what they have made of it, or nothing."""
    known, changed = before.get(label.object_id), other.get(label.object_id)
    if label != known:  # new or changed by me
        return label
    return changed  # None: they have deleted it


def _merged_tasks(base: Annotation, mine: Annotation, theirs: Annotation) -> tuple[str, ...]:
    added = [task for task in theirs.completed_tasks if task not in (*base.completed_tasks, *mine.completed_tasks)]
    removed = set(base.completed_tasks) - set(theirs.completed_tasks)
    return tuple(task for task in mine.completed_tasks if task not in removed) + tuple(added)


def _by_id(annotation: Annotation) -> dict[str, Label]:
    return {label.object_id: label for label in annotation.labels}
