"""Comparing annotations: ours beside stardist's matching, a plain loop, surface-distance and ITK's STAPLE, in one run.

The labels are ellipses, two thousand on 4096 x 4096 pixels and as dense on smaller images; a student's copy is moved,
resized and has gaps. Each peer's values are compared with ours, so the ratio is for the same work.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from axons_kernel.annotations import Annotation, EllipseLabel
from axons_kernel.metrics import overlaps
from axons_kernel.quality import (
    Instances,
    boundary_distances,
    compare,
    from_annotation,
    krippendorff_alpha,
    pairwise,
    rate,
    staple,
)

STEP = 91  # pixels from object to object: 2025 on 4096 x 4096
STUDENTS = 60


def ellipses(side: int, student: int = 0) -> Annotation:
    """The reference (0), or what a student made of it."""
    tissue, hand = np.random.default_rng(1), np.random.default_rng(student)
    labels = []
    for y in range(STEP // 2, side, STEP):
        for x in range(STEP // 2, side, STEP):
            radius1, radius2, turn = tissue.uniform(15, 42), tissue.uniform(15, 42), tissue.uniform(0, 3)
            dx, dy, wider = hand.normal(0, 2, 3) if student else (0.0, 0.0, 0.0)
            if not student or hand.random() > 0.03:
                labels.append(
                    EllipseLabel(
                        label_class="axon",
                        centre=(x + dx, y + dy),
                        radius1=radius1 + wider,
                        radius2=radius2 + wider,
                        orientation_radians=turn,
                    )
                )
    return Annotation(tuple(labels))


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """The fastest of several runs."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def loop_over_objects(found: NDArray[np.int32], known: NDArray[np.int32]) -> int:
    """What one writes first: a mask per reference object, IoU with everything under it."""
    matched = 0
    for number in range(1, known.max() + 1):
        mask = known == number
        for other in np.unique(found[mask]):
            if other:
                its = found == other
                matched += (mask & its).sum() / (mask | its).sum() > 0.5
    return matched


def report(name: str, ours: float, theirs: float, note: str) -> None:
    print(f"  {name}: {theirs:.2f} s, ours {ours:.3f} s, ratio {theirs / ours:.1f}; {note}")


def bench_pair(side: int) -> Instances:
    reference = from_annotation(ellipses(side), (side, side))
    student = ellipses(side, 1)
    whole = seconds(lambda: compare(student, reference, shape=(side, side)), 2)
    comparison = compare(student, reference, shape=(side, side))
    outlines = seconds(lambda: boundary_distances(comparison.annotated.ids > 0, reference.ids > 0), 1)
    print(
        f"quality, {len(reference.classes)} objects on {side} x {side}: a student's annotation drawn, matched and all "
        f"findings named in {whole:.2f} s; outline distances {outlines:.2f} s more"
    )
    return reference


def bench_matching(side: int, with_loop: bool) -> None:
    known = from_annotation(ellipses(side), (side, side)).ids
    found = from_annotation(ellipses(side, 1), (side, side)).ids
    ours = seconds(lambda: overlaps(found, known).score(0.5))
    score = overlaps(found, known).score(0.5)
    if find_spec("stardist"):
        from stardist.matching import matching

        matching(known, found, thresh=0.5)  # compiles
        theirs = matching(known, found, thresh=0.5)
        note = f"PQ differs by {abs(theirs.panoptic_quality - score.panoptic_quality):.0e}"
        report(f"stardist matching, {side} x {side}", ours, seconds(lambda: matching(known, found, thresh=0.5)), note)
    else:
        print("  stardist: skipped, as it is not installed: pip install 'axons[bench]'")
    if with_loop:
        same = loop_over_objects(found, known) == score.true_positive
        note = "the same matches" if same else "DIFFERENT matches"
        report(f"loop over objects, {side} x {side}", ours, seconds(lambda: loop_over_objects(found, known), 1), note)


def bench_outlines(side: int) -> None:
    if not find_spec("surface_distance"):
        print("  surface-distance: skipped, as it is not installed: pip install 'axons[test]'")
        return
    from surface_distance import compute_robust_hausdorff, compute_surface_distances

    found, known = (from_annotation(ellipses(side, s), (side, side)).ids > 0 for s in (1, 0))
    theirs = compute_robust_hausdorff(compute_surface_distances(known, found, (1, 1)), 95)
    note = f"HD95 differs by {abs(theirs - boundary_distances(found, known).hausdorff(95)):.0e} px"
    ours = seconds(lambda: boundary_distances(found, known))
    report(
        f"surface-distance, {side} x {side}",
        ours,
        seconds(lambda: compute_surface_distances(known, found, (1, 1))),
        note,
    )


def bench_consensus(side: int, raters: int) -> None:
    masks = {
        str(s): (from_annotation(ellipses(side, s), (side, side)).ids > 0).astype(np.uint8) for s in range(1, raters)
    }
    ours = seconds(lambda: staple(rate(masks)), 1)
    if not find_spec("SimpleITK"):
        print("  SimpleITK STAPLE: skipped, as it is not installed: pip install 'axons[bench]'")
        return
    import SimpleITK

    images = [SimpleITK.GetImageFromArray(mask) for mask in masks.values()]
    filter_ = SimpleITK.STAPLEImageFilter()
    theirs = seconds(lambda: filter_.Execute(images), 1)
    mine = [right[1] for right in staple(rate(masks)).reliability.values()]
    note = f"sensitivities differ by {np.abs(np.subtract(mine, filter_.GetSensitivity())).max():.0e}"
    report(f"SimpleITK STAPLE, {raters - 1} raters, {side} x {side}", ours, theirs, note)


def bench_class(side: int) -> None:
    masks = {f"student {s}": from_annotation(ellipses(side, s), (side, side)) for s in range(1, STUDENTS + 1)}
    started = time.perf_counter()
    ratings = rate(masks, ["axon"])
    grouped = time.perf_counter() - started
    matrix = seconds(lambda: pairwise(ratings), 1)
    alpha = seconds(lambda: krippendorff_alpha(ratings.band()), 1)
    print(
        f"  a class of {STUDENTS} on {side} x {side}: grouped in {grouped:.1f} s, then all {STUDENTS**2} pairs in "
        f"{matrix:.2f} s, alpha in the band in {alpha:.2f} s"
    )


def main() -> None:
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 4096
    bench_pair(side)
    bench_matching(side, with_loop=False)
    bench_matching(min(side, 1024), with_loop=True)
    bench_outlines(side // 2)
    bench_consensus(side // 4, raters=11)
    bench_class(side // 2)


if __name__ == "__main__":
    main()
