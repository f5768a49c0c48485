"""Two people have changed the labels of one image: keep what both have done."""

from __future__ import annotations

from dataclasses import replace

from ..annotation_merge import merge
from ..annotations import Annotation
from .progress import Progress
from .shapes import with_new_ids


def keep_both(base: Annotation, mine: Annotation, theirs: Annotation) -> Annotation:
    """`mine` with what `theirs` has changed since `base`. A label that both have changed is there twice after it.

    Finished tiles and proposals are those of both.
    """
    before, other = ({label.object_id: label for label in each.labels} for each in (base, theirs))
    contested = {
        label.object_id
        for label in mine.labels
        if label.object_id in other
        and label not in (before.get(label.object_id), other[label.object_id])
        and other[label.object_id] != before.get(label.object_id)
    }
    apart = replace(
        mine,
        labels=tuple(with_new_ids(label) if label.object_id in contested else label for label in mine.labels),
    )
    ours, yours = Progress.of(mine), Progress.of(theirs)
    have = {proposal.get("object_id") for proposal in ours.proposals}
    changes = {
        "finished_tiles": tuple(dict.fromkeys((*ours.finished_tiles, *yours.finished_tiles))),
        "proposals": (*ours.proposals, *(p for p in yours.proposals if p.get("object_id") not in have)),
        "active_s": max(ours.active_s, yours.active_s),
        "sessions": {**yours.sessions, **ours.sessions},
        "numbering": None,
    }
    return ours.model_copy(update=changes).into(merge(base, apart, theirs))
