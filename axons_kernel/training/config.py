"""What one training does, checked as a whole before anything runs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..documents import problems
from ..errors import InputError


class TrainingConfig(BaseModel):
    """What one training does. Raises InputError that lists every value that is not allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(40, ge=1, le=10_000, description="passes over the training tiles")
    batch: int = Field(8, ge=1, le=512, description="crops per step; more is steadier and needs more memory")
    crop: int = Field(256, ge=64, le=2048, multiple_of=32, description="side of a crop in pixels")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="largest step size; too large diverges")
    weight_decay: float = Field(1e-4, ge=0, le=1, description="pull of the weights to zero; against over-fitting")
    width: int = Field(32, ge=4, le=512, description="channels of the U-Net's finest level")
    depth: int = Field(4, ge=2, le=6, description="levels of the U-Net; each halves the resolution")
    max_minutes: float = Field(4.0, gt=0, le=10_000, description="stop after this time, with the schedule fitted to it")
    seed: int = Field(0, ge=0, description="same seed, same random choices")

    def __init__(self, **values: Any):
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InputError(f"TrainingConfig: {problems(error)}.") from error
