"""Answer the browser while a cell computes: Python's lock is handed over sooner for as long as that takes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

_SHARE_S = 2e-4  # seconds that another thread may keep the lock; Python's default is 5e-3


@contextlib.contextmanager
def promptly() -> Iterator[None]:
    """Around an answer. Drawing a tile takes and gives back the lock some fifty times, and waits each time."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, _SHARE_S))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
