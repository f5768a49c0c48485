"""The pinned versions install on the oldest Python that is promised: that of Debian 12."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

PINS = (Path(__file__).parents[1] / "images" / "constraints.txt").read_text(encoding="utf-8").splitlines()
OLDEST_PYTHON = "3.11.2"


@pytest.mark.parametrize("pin", [line for line in PINS if "==" in line])
def test_pin_accepts_the_oldest_python(pin: str) -> None:
    try:
        needs = metadata(pin.partition("==")[0])["Requires-Python"]
    except PackageNotFoundError:
        return  # only where Node is missing
    assert OLDEST_PYTHON in SpecifierSet(needs or ""), f"{pin} needs Python {needs}: pin an older version"
