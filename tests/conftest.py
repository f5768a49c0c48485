"""Fixtures for all tests: where the real sample data are, and a hypothesis profile that suits a busy machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent

# CI tries the same examples each time, so that it judges the change; elsewhere each run looks for new ones
settings.register_profile(
    "axons",
    deadline=None,
    max_examples=40,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("axons")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of real micrographs and label files; a test that needs it skips where it is absent."""
    folder = Path(os.environ.get("AXONS_SAMPLE_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the sample data are not at {folder}: set AXONS_SAMPLE_DATA to their folder")
    return folder
