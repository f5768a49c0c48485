"""The runs of a project as a list that a notebook shows with their curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import AxonsKernelError
from ..thumbnails import gallery
from . import figures
from .colours import class_colours
from .scores import best_epoch, duration

if TYPE_CHECKING:
    from .run import Run

    Runs = list[Run]
else:
    Runs = list

_MOST = 100  # runs in a table, the last ones


class RunList(Runs):
    """A list; what is special is how it looks."""

    def _repr_html_(self) -> str:
        if not self:
            return "<p>no runs yet</p>"
        more = f"<p>and {len(self) - _MOST} earlier ones</p>" if len(self) > _MOST else ""
        return gallery([_row(run) for run in self[-_MOST:]]) + more


def _row(run: Run) -> tuple[NDArray[np.uint8] | None, dict[str, Any]]:
    """Its curves and what is to be said of it; one that cannot be read says why and does not hide the others."""
    facts = {"run": run.name, "training set": run.info.training_set}
    try:
        metrics, status = run.metrics(), run.status()
        best = best_epoch(metrics)
    except AxonsKernelError as error:
        return None, {**facts, "state": str(error), "epochs": "", "best Dice": "", "time": "", "started": ""}
    colours = class_colours(run.store, run.info.classes)
    return (figures.thumbnail(metrics, colours) if metrics else None), {
        **facts,
        "state": status.state,
        "epochs": f"{len(metrics)} of {run.info.config.epochs}",
        "best Dice": _dice(run, best["validation_dice"], best["epoch"]) if best else "",
        "time": duration(metrics[-1]["seconds"]) if metrics else "",
        "started": run.info.started[:16].replace("T", " "),
    }


def _dice(run: Run, values: list[float], epoch: int) -> str:
    said = ", ".join(f"{name} {value:.3f}" for name, value in zip(run.info.classes, values, strict=True))
    return f"{said} (epoch {epoch})"
