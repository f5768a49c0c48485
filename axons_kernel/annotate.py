"""`annotate`: show the annotation widget, or say how to install what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .annotations import Annotation, LabelClass
from .errors import needs_extra

if TYPE_CHECKING:
    from .widget.canvas import AnnotationWidget


def annotate(
    pixels: NDArray[Any], annotation: Annotation | None = None, classes: Sequence[LabelClass] = (), **options: Any
) -> AnnotationWidget:
    """A widget that edits the labels of an image (H, W) or (H, W, 3); `options` are those of `AnnotationWidget`.

    Raises MissingExtraError when ipycanvas is not installed.
    """
    with needs_extra("widget", "The annotation widget"):
        from .widget.canvas import AnnotationWidget
    return AnnotationWidget(pixels, annotation or Annotation(), classes, **options)
