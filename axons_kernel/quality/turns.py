"""One tile twice: turned so that nobody remembers it, and what is drawn on it turned back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

Turn = Literal["none", "left", "half", "right", "mirrored", "upside down"]
# quarter turns to the left, and whether it is mirrored left to right before that
_STEPS: Mapping[str, tuple[int, bool]] = MappingProxyType(
    {
        **{"none": (0, False), "left": (1, False), "half": (2, False), "right": (3, False)},
        **{"mirrored": (0, True), "upside down": (2, True)},
    }
)


def turned(pixels: NDArray[Any], turn: Turn) -> NDArray[Any]:
    """Turn (H, W) or (H, W, C) by a quarter `left` or `right`, or by `half`, or mirror it (`mirrored`: left to right).

    No pixel is resampled; a quarter exchanges height and width. Raises InputError for another word.
    """
    quarters, mirrored = _steps(turn)
    return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirrored else pixels, quarters))


def turned_back(pixels: NDArray[Any], turn: Turn) -> NDArray[Any]:
    """Undo `turned`: what was drawn on the turned tile, as it lies on the tile."""
    quarters, mirrored = _steps(turn)
    back = np.rot90(pixels, -quarters)
    return np.ascontiguousarray(back[:, ::-1] if mirrored else back)


def _steps(turn: str) -> tuple[int, bool]:
    if turn not in _STEPS:
        raise InputError(f"turn={turn!r} is not allowed: choose one of {', '.join(_STEPS)}.")
    return _STEPS[turn]
