"""The annotator, in pure parts and a view on them.

Pure: `viewport`, `outlines`, `tools`, `history`, `editor`, `keys`, `saving`, `render`. The view: `toolbar`
(ipywidgets), `painter`, `stage`, `canvas`. Only `canvas` imports ipycanvas, so the rest needs no browser.
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
