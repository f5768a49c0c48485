"""Labels to a class mask: ours beside scikit-image's and Pillow's polygon fill, on the same labels in one run.

The labels are those of a synthetic micrograph. Pillow fills the border too, so only its time is comparable; from
scikit-image's result ours may differ only on points that lie exactly on an edge.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage.draw import polygon

from axons_kernel.annotations import Annotation
from axons_kernel.rasterize import class_mask, mask_to_labels
from axons_kernel.samples import CLASS_NAMES, axon_micrograph

SHAPE = (1024, 1024)


def labels() -> Annotation:
    sample = axon_micrograph(SHAPE, seed=0)
    # axons have no holes, so one ring is the whole label for every peer
    return Annotation(mask_to_labels(sample.mask == 2, CLASS_NAMES[1], source="mask"))


def ours(annotation: Annotation) -> NDArray[np.uint8]:
    return class_mask(annotation, {CLASS_NAMES[1]: 1}, SHAPE)


def scikit_image(annotation: Annotation) -> NDArray[np.uint8]:
    mask = np.zeros(SHAPE, np.uint8)
    for label in annotation.labels:
        for ring in label.rings():
            points = np.asarray(ring) - 0.5  # its pixel centres are whole numbers
            rows, cols = polygon(points[:, 1], points[:, 0], SHAPE)
            mask[rows, cols] = 1
    return mask


def pillow(annotation: Annotation) -> NDArray[np.uint8]:
    picture = Image.new("L", SHAPE[::-1])
    draw = ImageDraw.Draw(picture)
    for label in annotation.labels:
        for ring in label.rings():
            draw.polygon([(x - 0.5, y - 0.5) for x, y in ring], fill=1)
    return np.asarray(picture)


def seconds(work: Callable[[Annotation], NDArray[np.uint8]], annotation: Annotation) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        work(annotation)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    annotation = labels()
    mine = seconds(ours, annotation)
    print(f"rasterize {len(annotation.labels)} labels on {SHAPE[0]} x {SHAPE[1]}: {1000 * mine:.1f} ms")
    for name, peer in (("scikit-image polygon", scikit_image), ("Pillow polygon", pillow)):
        theirs = seconds(peer, annotation)
        differing = int((peer(annotation) != ours(annotation)).sum())
        print(f"  {name}: {1000 * theirs:.1f} ms, ratio {theirs / mine:.2f}, {differing} pixels differ")


if __name__ == "__main__":
    main()
