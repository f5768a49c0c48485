"""Labels of two people are put together, and nothing that either has made or changed is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.annotation_merge import merge
from axons_kernel.annotations import Annotation
from axons_kernel.errors import ConflictError
from axons_kernel.labels import PointLabel


def label(name: str, x: float = 0.0) -> PointLabel:
    return PointLabel(object_id=name, position=(x, 0.0), label_class="axon")


def annotation(*labels: PointLabel, tasks: tuple[str, ...] = ()) -> Annotation:
    return Annotation(labels=labels, image_filename="a.tif", completed_tasks=tasks)


A, B, C, D = (label(name) for name in "abcd")
MOVED_A, FAR_A = label("a", 5), label("a", 9)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        ([A], [A], [A], [A]),
        ([], [A], [B], [A, B]),
        ([A], [A, B], [A, C], [A, B, C]),
        ([A, B], [B], [A, B, C], [B, C]),  # I delete, they add
        ([A, B], [A, B, C], [B], [B, C]),  # they delete, I add
        ([A, B], [], [], []),
        ([A, B], [B], [A], []),
        ([A], [MOVED_A], [A, B], [MOVED_A, B]),
        ([A], [A, B], [MOVED_A], [MOVED_A, B]),
        ([A], [MOVED_A], [MOVED_A], [MOVED_A]),  # both the same
        ([A], [MOVED_A], [], [MOVED_A]),  # a change outlives a deletion
        ([A], [], [MOVED_A], [MOVED_A]),
        ([A, B], [B, A], [A, B], [B, A]),  # my order
    ],
)
def test_merge(
    base: list[PointLabel], mine: list[PointLabel], theirs: list[PointLabel], merged: list[PointLabel]
) -> None:
    found = merge(annotation(*base), annotation(*mine), annotation(*theirs))
    assert list(found.labels) == merged and found.image_filename == "a.tif"


def test_two_changes_of_one_label_are_a_conflict() -> None:
    with pytest.raises(ConflictError, match=r"^1 label was changed here and by somebody else at the same time\. Open"):
        merge(annotation(A, B), annotation(MOVED_A, B), annotation(FAR_A, B))


def test_tasks_and_unknown_keys() -> None:
    base = annotation(tasks=("draw", "review"))
    mine = replace(annotation(tasks=("draw", "review", "mine")), extra={"note": 1, "both": "mine"})
    theirs = replace(annotation(tasks=("draw", "theirs")), extra={"other": 2, "both": "theirs"})
    found = merge(base, mine, theirs)
    assert found.completed_tasks == ("draw", "mine", "theirs")
    assert found.extra == {"note": 1, "other": 2, "both": "mine"}


labels = st.lists(st.builds(label, st.sampled_from("abcdef"), st.integers(0, 1)), unique_by=lambda x: x.object_id)


@given(labels, labels, labels)
def test_nothing_new_or_changed_is_lost(
    base: list[PointLabel], mine: list[PointLabel], theirs: list[PointLabel]
) -> None:
    try:
        found = merge(annotation(*base), annotation(*mine), annotation(*theirs)).labels
    except ConflictError:
        both = {m.object_id for m in mine if m not in base} & {t.object_id for t in theirs if t not in base}
        assert any(m != t for m in mine for t in theirs if m.object_id == t.object_id and m.object_id in both)
        return
    assert len({item.object_id for item in found}) == len(found)
    assert all(item in found for item in [*mine, *theirs] if item not in base)
    assert all(item in mine or item in theirs for item in found)
    assert not [item for item in found if item in base and not (item in mine and item in theirs)]


@given(labels, labels)
def test_merging_with_somebody_who_did_nothing_changes_nothing(base: list[PointLabel], mine: list[PointLabel]) -> None:
    assert list(merge(annotation(*base), annotation(*mine), annotation(*base)).labels) == mine
