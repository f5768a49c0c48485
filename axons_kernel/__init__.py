"""The library that course notebooks import: from a micrograph to a model and its report.

    import axons_kernel as ax
    project = ax.open_project("nerve")

Names are loaded when they are first used, so that importing this package stays fast and needs neither torch nor
ipycanvas. (It is a library; the kernel that runs it is the ordinary Python kernel.)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import metrics, quality, samples
    from .annotations import Annotation, LabelClass
    from .annotators import annotate
    from .errors import (
        AxonsKernelError,
        ImageReadError,
        InputError,
        NotFoundError,
        SchemaError,
        StorageError,
        TrainingError,
    )
    from .project import Project, open_project
    from .training.architectures import describe_networks
    from .training.config import TrainingConfig

_HOME = {
    "Annotation": "annotations",
    "AxonsKernelError": "errors",
    "ImageReadError": "errors",
    "InputError": "errors",
    "LabelClass": "annotations",
    "NotFoundError": "errors",
    "Project": "project",
    "SchemaError": "errors",
    "StorageError": "errors",
    "TrainingConfig": "training.config",
    "TrainingError": "errors",
    "annotate": "annotators",
    "describe_networks": "training.architectures",
    "open_project": "project",
}
_MODULES = ("metrics", "quality", "samples")

__all__ = [
    "Annotation",
    "AxonsKernelError",
    "ImageReadError",
    "InputError",
    "LabelClass",
    "NotFoundError",
    "Project",
    "SchemaError",
    "StorageError",
    "TrainingConfig",
    "TrainingError",
    "annotate",
    "describe_networks",
    "metrics",
    "open_project",
    "quality",
    "samples",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(f"axons_kernel has no name {name!r}; it has: {', '.join(__all__)}.")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
