"""The configuration: every problem at once, with what is allowed and why it matters."""

from __future__ import annotations

from typing import Any

import pytest

from axons_kernel.errors import InputError
from axons_kernel.training.architectures import ARCHITECTURES
from axons_kernel.training.config import TrainingConfig, allowed, effect


def refused(**values: Any) -> str:
    with pytest.raises(InputError) as caught:
        TrainingConfig(**values)
    return str(caught.value)


def test_all_problems_at_once() -> None:
    message = refused(epochs=0, crop=100, learning_rate="fast", colour="red", patience=3)
    for part in (
        "TrainingConfig: epochs=0: allowed are whole numbers from 1 to 10 000 (passes over the training tiles",
        "crop=100 with depth=4: a network that halves its input 4 times takes multiples of 16 from 32, "
        "such as 96 or 112",
        "learning_rate='fast': allowed are numbers above 0 to 1 (largest step size; too large diverges",
        "colour='red': there is no such setting; there are epochs, batch, crop",
    ):
        assert part in message
    assert "\n" not in message
    assert "patience" not in message.partition("colour")[0], "epochs is wrong itself, so nothing is said of the pair"


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 10_001},
        {"batch": 0},
        {"crop": 16},
        {"depth": 1},
        {"depth": 7},
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"max_minutes": 0},
        {"seed": -1},
        {"ema": 1.0},
        {"loss": "dice"},
        {"architecture": "resnet"},
        {"amp": 3},
    ],
)
def test_values_out_of_range(values: dict[str, Any]) -> None:
    (name, value) = next(iter(values.items()))
    message = refused(**values)
    assert message.startswith(f"TrainingConfig: {name}={value!r}: allowed are {allowed(name)}")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"crop": 32, "depth": 5}, r"crop=32 with depth=5: .* multiples of 32 from 64, such as 64\.$"),
        ({"crop": 72, "depth": 4}, "multiples of 16 from 32, such as 64 or 80"),
        ({"patience": 10, "epochs": 10}, "patience=10 with epochs=10: the training would never stop early"),
        ({"architecture": "basic_unet", "depth": 3, "crop": 64}, "depth=3 does not fit a basic U-Net; allowed: 4"),
        ({"architecture": "segresnet", "width": 12}, "width=12 does not fit a SegResNet; allowed: multiples of 8"),
    ],
)
def test_values_that_do_not_go_together(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainingConfig(**values)


def test_every_setting_is_described_and_frozen() -> None:
    for name, field in TrainingConfig.model_fields.items():
        assert field.description and effect(name) and allowed(name)
    with pytest.raises(ValueError, match="frozen"):
        TrainingConfig().epochs = 5


def test_configs_of_older_runs_are_read() -> None:
    old = {"epochs": 4, "batch": 2, "crop": 64, "learning_rate": 0.002, "weight_decay": 0.0001, "width": 8, "depth": 3}
    assert TrainingConfig.model_validate({**old, "max_minutes": 4.0, "seed": 1}).architecture == "unet"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_network_of_a_config(architecture: str) -> None:
    spec = TrainingConfig(architecture=architecture, width=16, border=True).network(2, channels=3)
    assert (spec.architecture, spec.outputs, spec.channels, spec.divisor) == (architecture, 4, 3, 16)


def test_explanation() -> None:
    told = TrainingConfig(epochs=7, crop=128).explain()
    assert "epochs = 7" in repr(told) and "passes over the training tiles; more learn longer" in repr(told)
    assert len(repr(told).splitlines()) == len(TrainingConfig.model_fields)
    page = TrainingConfig(epochs=7)._repr_html_()
    assert "font-weight:bold;text-align:left'>7<" in page, "what differs from the usual stands out"
    assert page.count("font-weight:bold") == 1 and "allowed: whole numbers from 1 to 10 000" in page
