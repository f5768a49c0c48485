"""The annotator, its simple stand-in, the image viewer and the upload field.

The annotator: `protocol` says what view and kernel say to each other (its messages: `ops`, `requests`, `fields`). Pure:
`ink` and `booleans` (the rasteriser that both sides share), `placed`, `sheet`, `drawing`, `places` (labels and their
pixels), `edits`, `shapes`, `objects` (what an op changes), `assist`, `livewire`, `assets`, `document` and `log` (undo),
`conversation`, `sessions`, `answering`, `asking` (a model that looks at the image), `autosave`, `conflict`, `progress`,
`numbering`, `desk`. The widget is `annotator`; `reviving` opens it again after a restart of the kernel.

The stand-in, where JupyterLab lacks our extension: `editor`, `history`, `outlines`, `tools`, `keys`, `saving`,
`render`, `viewport`; its view is `canvas` with `painter`, `stage`, `toolbar`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .canvas import AnnotationWidget

__all__ = ["AnnotationWidget"]


def __getattr__(name: str) -> Any:
    """Load the view only when it is asked for, as it needs ipycanvas and ipywidgets."""
    if name == "AnnotationWidget":
        from .canvas import AnnotationWidget

        return AnnotationWidget
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
