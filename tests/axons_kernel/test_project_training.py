"""Before a training: a figure of the augmentation, and a learning rate that fits, with no run made."""

from __future__ import annotations

from typing import Any

import pytest

from axons_kernel.errors import TrainingError
from axons_kernel.project import Project
from axons_kernel.project_training import FoundRate
from axons_kernel.training.config import TrainingConfig

TINY = TrainingConfig(batch=2, crop=64, width=4, depth=2, workers=0)


def test_augmentation_figure(finished: Project) -> None:
    figure: Any = finished.show_augmentation("set-1", TINY, crops=2)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:5] == ["as it is", "changed 1", "changed 2", "changed 3", "changed 4"]
    assert len(figure.axes) == 10
    pictures = {axes.images[0].get_array().tobytes() for axes in figure.axes}
    assert len(pictures) == 10, "each change is another"
    none: Any = finished.show_augmentation("set-1", TINY.model_copy(update={"augmentation": "none"}), crops=1)
    assert len({axes.images[0].get_array().tobytes() for axes in none.axes}) == 1


def test_learning_rate(finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [run.name for run in finished.runs()]
    rate = finished.find_learning_rate(finished.training_set("set-1"), TINY, steps=30)
    assert isinstance(rate, FoundRate) and 1e-4 < rate < 0.2
    assert "finding the learning rate" in capsys.readouterr().out
    assert TrainingConfig(learning_rate=rate).learning_rate == rate
    assert rate._repr_png_().startswith(b"\x89PNG")
    assert [run.name for run in finished.runs()] == runs


def test_a_set_that_is_not_as_it_was(finished: Project) -> None:
    finished.store.write("annotations/left__labels.json", finished.store.read("annotations/right__labels.json"))
    with pytest.raises(TrainingError, match="labels of left have changed"):
        finished.find_learning_rate("set-1", TINY)
