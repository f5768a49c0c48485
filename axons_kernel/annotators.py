"""`annotate`: show the annotation widget, or the simple one where JupyterLab lacks our extension."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .annotations import Annotation, LabelClass
from .errors import needs_extra
from .looking import has_extension

if TYPE_CHECKING:
    from .project import Project
    from .project_image import ProjectImage
    from .widget.annotator import AnnotatorWidget
    from .widget.canvas import AnnotationWidget

_HOW_TO_INSTALL = (
    "The annotation widget needs the JupyterLab extension of Axons: pip install axons where JupyterLab runs, then "
    "reload the page. Until then this simple one draws polygons, boxes and points."
)


def annotate(
    pixels: NDArray[Any],
    annotation: Annotation | None = None,
    classes: Sequence[LabelClass] = (),
    *,
    on_save: Callable[[Annotation], None] | None = None,
    tiles: Sequence[Sequence[int]] = (),
    title: str = "",
    pixel_size_um: float | None = None,
    **options: Any,
) -> AnnotatorWidget | AnnotationWidget:
    """A widget that edits the labels of an image (H, W) or (H, W, C); `on_save` gets the labels soon after a change.

    `tiles` are windows (x, y, width, height) in image pixels. Options: `tasks`, names that can be ticked with their
    texts; `controls`, attributes of labels in django-labeller's form; `schemes`, colour schemes with their texts.
    Raises MissingExtraError when ipycanvas is not installed.
    """
    labels = annotation or Annotation()
    place: dict[str, Any] = {"on_save": on_save, "tiles": tiles, "title": title, "pixel_size_um": pixel_size_um}
    if not _is_complete():
        return _simple(pixels, labels, classes, **place)
    from .annotating import array_workplace

    return array_workplace(pixels, labels, classes, **place, **options).widget()


def annotate_image(project: Project, image: ProjectImage, **options: Any) -> AnnotatorWidget | AnnotationWidget:
    """A widget that edits the labels of an image of a project; see `Project.annotate`."""
    if _is_complete():
        from .annotating import image_workplace

        return image_workplace(project, image, **options).widget()
    editing = image.edit_annotation()
    has_tiles = project.store.exists(f"tilings/{image.name}.json")
    return _simple(
        image.pixels(),
        editing.annotation,
        project.classes,
        on_save=editing.save,
        tiles=project.tiling(image).inside_tiles if has_tiles else (),
        title=image.name,
        pixel_size_um=image.pixel_size_um,
    )


def _is_complete() -> bool:
    """Whether JupyterLab has our extension. Raises MissingExtraError when ipycanvas is not installed."""
    with needs_extra("widget", "The annotation widget"):
        import ipycanvas  # noqa: F401
    return has_extension()


def _simple(
    pixels: NDArray[Any], annotation: Annotation, classes: Sequence[LabelClass], **place: Any
) -> AnnotationWidget:
    from .widget.canvas import AnnotationWidget

    print(_HOW_TO_INSTALL)
    return AnnotationWidget(pixels, annotation, classes, **place)
