"""How a model is applied: the keywords of `Project.predict`, checked before anything runs. Needs no torch."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..documents import problems
from ..errors import InputError

Separation = Literal["watershed", "border", "touching", "none"]


class HowToPredict(TypedDict, total=False):
    """The keywords of `Project.predict`, which tells what they mean."""

    size: int
    overlap: int
    blend: Literal["gaussian", "linear"]
    turns: Literal[1, 2, 4, 8]
    batch: int | None
    probabilities: bool
    instances: Separation | None
    min_area_um2: float


class PredictOptions(BaseModel):
    """The same, checked. Sizes are pixels of the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(512, ge=64, le=4096)
    overlap: int = Field(64, ge=0)
    blend: Literal["gaussian", "linear"] = "gaussian"
    turns: Literal[1, 2, 4, 8] = 1
    batch: int | None = Field(None, ge=1, le=256)
    probabilities: bool = False
    instances: Separation | None = None
    min_area_um2: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _overlap_fits(self) -> PredictOptions:
        if self.overlap > self.size // 2:
            raise ValueError(f"overlap {self.overlap} is over half of the tiles' size {self.size}")
        return self

    @classmethod
    def of(cls, how: HowToPredict) -> PredictOptions:
        """From the keywords. Raises InputError that names every one that is wrong."""
        try:
            return cls(**how)
        except ValidationError as error:
            raise InputError(f"Prediction cannot begin: {problems(error)}.") from error

    def what_is_computed(self) -> dict[str, Any]:
        """What the probabilities depend on; the rest can change between two attempts."""
        return self.model_dump(include={"size", "overlap", "blend", "turns", "probabilities"})
