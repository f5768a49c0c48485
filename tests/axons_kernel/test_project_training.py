"""Before a training: a figure of the augmentation, and a learning rate that fits, with no run made."""

from __future__ import annotations

from typing import Any

import pytest

from axons_kernel.devices import Device
from axons_kernel.errors import InputError, TrainingError
from axons_kernel.project import Project
from axons_kernel.project_training import FoundRate, ready_config
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


def test_a_preset_by_name(finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
    frozen = finished.training_set("set-1")
    config = ready_config("quick", frozen, finished.image)
    assert config == TrainingConfig.quick()
    said = capsys.readouterr().out
    assert "The largest training tile has 64 pixels a side" in said and f"crop={config.crop}" in said
    assert ready_config(TINY, frozen, finished.image) == TINY
    assert ready_config(None, frozen, finished.image) == TrainingConfig()
    with pytest.raises(InputError, match="preset='great' is not allowed; choose one of quick, good, best"):
        finished.train("set-1", "great")


def test_too_large_for_this_machine(finished: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axons_kernel.devices.this_device", lambda: Device(2, 8))
    runs = len(finished.runs())
    with pytest.raises(InputError, match=r"The training takes about .* GB, and .* leaves .* GB for it: batch=.*"):
        finished.train("set-1", TrainingConfig(batch=512, crop=2048, width=512, depth=6))
    assert len(finished.runs()) == runs


def test_on_a_gpu_batches_go_through_in_parts(
    finished: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axons_kernel.devices.this_device", lambda: Device(8, 32, "RTX 2070", 8.5))
    config = TrainingConfig(batch=256, crop=512)
    assert ready_config(config, finished.training_set("set-1"), finished.image) == config
    said = capsys.readouterr().out
    assert "RTX 2070 with 8 GB leaves 7.2 GB for it: batch=" in said and "would fit at once; else batches go" in said


def test_what_is_unusual_is_told(finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
    frozen = finished.training_set("set-1")
    odd = frozen.model_copy(
        update={
            "classes": (*frozen.classes, "vessel"),
            "tiles": tuple(t for t in frozen.tiles if t.split != "validation"),
        }
    )
    ready_config(TINY, odd, finished.image)
    assert capsys.readouterr().out.splitlines() == [
        "No training image has a label of vessel: the model will not find any.",
        "There are no tiles for validation: the best epoch is chosen on the training tiles themselves.",
    ]
