"""Compare an image's labels with a reference, reading only the pixels that are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .annotations import Annotation
from .project_image import ProjectImage
from .quality import Comparison, Instances, Labels, compare, from_annotation
from .tiling import Tile


def compare_image(
    image: ProjectImage, reference: ProjectImage | Labels, *, tile: Tile | None = None, **options: Any
) -> Comparison:
    """Compare with the same image of another project, an annotation, a class mask or an instance mask.

    In a class mask, value i is the i-th class of the project. Options are those of `quality.compare`. Raises InputError
    when the sizes or the tile do not fit.
    """
    known = drawn(reference) if isinstance(reference, ProjectImage) else reference
    if not isinstance(known, Annotation | Instances):
        options = {"classes": tuple(image.colours), **options}
    comparison = compare(
        image.annotation(), known, shape=image.shape, tile=tile, pixel_size_um=image.pixel_size_um, **options
    )
    return replace(comparison, image=image.pyramid().read(comparison.tile))


def drawn(image: ProjectImage) -> Instances:
    """An image's labels, drawn once: for comparing many annotations with it."""
    return from_annotation(image.annotation(), image.shape)
