"""What one training does, checked as a whole before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from ..errors import InputError
from .architectures import ARCHITECTURES, NetworkSpec

if TYPE_CHECKING:
    from ..devices import Device
    from .explaining import Explanation

Loss = Literal["dice_ce", "focal", "tversky", "focal_tversky"]
Weights = Literal["balanced", "equal"]
Augmentation = Literal["none", "light", "strong"]
Schedule = Literal["cosine", "poly", "one_cycle", "constant"]


def _setting(default: Any, what: str, effect: str, **limits: Any) -> Any:
    return Field(default, description=what, json_schema_extra={"effect": effect}, **limits)


class TrainingConfig(BaseModel):
    """What one training does. Raises InputError that lists every value that is not allowed, and what is."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = _setting(40, "passes over the training tiles", "more learn longer", ge=1, le=10_000)
    batch: int = _setting(8, "crops per step", "more make steadier steps and need more memory", ge=1, le=512)
    crop: int = _setting(
        256,
        "side of a crop in pixels",
        "larger ones show more of the tissue around and need more memory",
        ge=32,
        le=2048,
    )
    learning_rate: float = _setting(
        2e-3,
        "largest step size",
        "too large diverges, too small learns slowly; find_learning_rate() measures it",
        gt=0,
        le=1,
    )
    weight_decay: float = _setting(1e-4, "pull of the weights to zero", "more keeps from over-fitting", ge=0, le=1)
    architecture: str = _setting("unet", "family of networks", "ax.describe_networks() tells them apart")
    width: int = _setting(
        32, "channels of the network's finest level", "twice as many take two to four times the time", ge=4, le=512
    )
    depth: int = _setting(4, "how often the network halves the resolution", "more sees further", ge=2, le=6)
    border: bool = _setting(
        False, "learn the border between touching objects, too", "objects that touch come out one by one"
    )
    loss: Loss = _setting(
        "dice_ce",
        "what the training makes small",
        "dice_ce suits most; focal dwells on hard pixels, tversky on objects that are missed",
    )
    class_weights: Weights = _setting(
        "balanced", "how much a pixel of each class counts", "balanced: rare classes count more; equal: all the same"
    )
    gamma: float = _setting(2.0, "how much the focal loss dwells on hard pixels", "0 is cross-entropy", ge=0, le=10)
    beta: float = _setting(
        0.7,
        "what a missed pixel costs in the Tversky losses, beside 1 - beta for an extra one",
        "0.5 is Dice",
        ge=0,
        le=1,
    )
    augmentation: Augmentation = _setting(
        "light", "changes to the crops", "stronger ones help with few images; project.show_augmentation() shows them"
    )
    schedule: Schedule = _setting(
        "cosine", "how the step size goes down", "constant does not, and ends noisier; one_cycle warms up for a third"
    )
    warmup: float = _setting(0.03, "share of the training in which the step size rises", "a softer start", ge=0, le=0.5)
    clip: float = _setting(
        5.0, "largest length of a step's gradient; 0 for any", "one odd batch does no harm", ge=0, le=1000
    )
    ema: float = _setting(
        0.0,
        "share of the past in the averaged weights that are used; 0 for none",
        "0.99 or more smooths the end",
        ge=0,
        lt=1,
    )
    patience: int = _setting(
        0, "stop after so many epochs that were not better; 0 for never", "saves time", ge=0, le=10_000
    )
    amp: bool = _setting(True, "16-bit numbers where a GPU is quicker with them", "half the memory; no effect on a CPU")
    deterministic: bool = _setting(
        False, "the same bits each time on a GPU, too", "a GPU is slower; a CPU always is deterministic"
    )
    workers: int = _setting(
        1, "threads that prepare crops beside the training; 0 for none", "keep the device busy", ge=0, le=32
    )
    checkpoint_minutes: float = _setting(
        5.0, "minutes between checkpoints within an epoch", "what a crash costs at most", ge=0.05, le=10_000
    )
    max_minutes: float = _setting(4.0, "stop after this time", "the schedule is fitted to it", gt=0, le=10_000)
    seed: int = _setting(0, "start of the random choices", "the same seed makes the same choices", ge=0, lt=2**32)

    def __init__(self, **values: Any):
        wrong: list[str] = []
        bad: set[str] = set()
        checked: TrainingConfig = self
        cause: ValidationError | None = None
        try:
            super().__init__(**values)
        except ValidationError as error:
            wrong = [_explained(problem) for problem in error.errors()]
            bad = {str(problem["loc"][0]) for problem in error.errors()}
            good = {name: value for name, value in values.items() if name not in bad}
            checked, cause = TrainingConfig.model_construct(**good), error
        wrong += [text for names, text in _that_do_not_go_together(checked) if not bad & names]
        if wrong:
            raise InputError(f"TrainingConfig: {'; '.join(wrong)}.") from cause

    @classmethod
    def preset(cls, name: str, device: Device | None = None) -> TrainingConfig:
        """A configuration that fits a device, by default this one: "quick" to try, "good", or "best" with patience."""
        from .presets import preset

        return preset(name, device)

    @classmethod
    def quick(cls, device: Device | None = None) -> TrainingConfig:
        """To see within a minute or two whether it works."""
        return cls.preset("quick", device)

    @classmethod
    def good(cls, device: Device | None = None) -> TrainingConfig:
        """What suits most, in about five minutes."""
        return cls.preset("good", device)

    @classmethod
    def best(cls, device: Device | None = None) -> TrainingConfig:
        """The last few percent, in half an hour or more."""
        return cls.preset("best", device)

    def explain(self) -> Explanation:
        """Each setting with its value and what it does; a notebook shows a table."""
        from .explaining import explain

        return explain(self)

    def _repr_html_(self) -> str:
        return self.explain()._repr_html_()

    def network(self, classes: int, channels: int = 1) -> NetworkSpec:
        """The network of this training, for so many label classes and image channels."""
        return NetworkSpec(
            architecture=self.architecture,
            channels=channels,
            classes=classes,
            width=self.width,
            depth=self.depth,
            border=self.border,
            refine=self.architecture == "unet",
        )


def effect(name: str) -> str:
    """What a setting does to the training."""
    extra = TrainingConfig.model_fields[name].json_schema_extra
    return str(extra["effect"]) if isinstance(extra, dict) else ""


def allowed(name: str) -> str:
    """The values that a setting may have, in words."""
    field = TrainingConfig.model_fields[name]
    if name == "architecture":
        return ", ".join(ARCHITECTURES)
    if choices := get_args(field.annotation):
        return ", ".join(choices)
    if field.annotation is bool:
        return "True or False"
    what = "whole numbers" if field.annotation is int else "numbers"
    return f"{what} {_limits(field)}"


def _limits(field: FieldInfo) -> str:
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    found = [(words[key], getattr(m, key)) for m in field.metadata for key in words if hasattr(m, key)]
    return " ".join(f"{word} {limit:,}".replace(",", " ") for word, limit in found)


def _explained(problem: Any) -> str:
    name = str(problem["loc"][0])
    given = f"{name}={problem['input']!r:.60}"
    if name not in TrainingConfig.model_fields:
        return f"{given}: there is no such setting; there are {', '.join(TrainingConfig.model_fields)}"
    what = TrainingConfig.model_fields[name].description
    return f"{given}: allowed are {allowed(name)} ({what}; {effect(name)})"


def _that_do_not_go_together(config: TrainingConfig) -> Iterator[tuple[set[str], str]]:
    """Values that are allowed one by one, and not together: their names, and why."""
    known = ARCHITECTURES.get(config.architecture)
    if known is None:
        yield {"architecture"}, f"architecture={config.architecture!r}: allowed are {', '.join(ARCHITECTURES)}"
    elif problem := known.problem(config.width, config.depth):
        yield {"width", "depth", "architecture"}, problem
    step = 2**config.depth
    least = 2 * step  # the coarsest level then has 2 x 2 pixels
    if config.crop % step or config.crop < least:
        fits = {max(least, config.crop // step * step), max(least, -(-config.crop // step) * step)}
        yield (
            {"crop", "depth"},
            f"crop={config.crop} with depth={config.depth}: a network that halves its input {config.depth} times takes "
            f"multiples of {step} from {least}, such as {' or '.join(map(str, sorted(fits)))}",
        )
    if config.patience >= config.epochs:
        yield (
            {"patience", "epochs"},
            f"patience={config.patience} with epochs={config.epochs}: the training would never stop early; give a "
            "patience below epochs, or 0 for never",
        )
