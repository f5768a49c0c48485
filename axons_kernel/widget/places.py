"""Where labels are: which of many windows meet a given one, in microseconds."""

from __future__ import annotations

import numpy as np

from ..rasterize import Window


class Places:
    """Windows by number."""

    def __init__(self) -> None:
        self._row: dict[int, int] = {}  # number -> row of the table
        self._free: list[int] = []
        self._table = np.zeros((64, 5), np.int64)  # left, top, right, bottom, number

    def put(self, number: int, window: Window | None) -> None:
        """Put a number in its place; None takes it away."""
        if window is None:
            row = self._row.pop(number, None)
            if row is not None:
                self._table[row] = 0
                self._free.append(row)
            return
        if number not in self._row:
            row = self._free.pop() if self._free else len(self._row)
            if row >= len(self._table):
                self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._row[number] = row
        x, y, w, h = window
        self._table[self._row[number]] = (x, y, x + w, y + h, number)

    def meeting(self, window: Window) -> list[int]:
        """Numbers of the windows that share a pixel with a window, in no order."""
        x, y, w, h = window
        left, top, right, bottom, number = self._table.T
        hit = (left < x + w) & (right > x) & (top < y + h) & (bottom > y)
        return [int(n) for n in number[hit]]
