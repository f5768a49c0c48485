"""Fixtures for all tests: where the real sample data are, and a hypothesis profile that suits a busy machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
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


# not getrusage: its maximum starts with what the parent process has used, and then hardly ever grows
PEAK = """
import re as _re
from pathlib import Path as _Path

def peak_mib():
    return int(_re.search(r"VmHWM:\\s+(\\d+)", _Path("/proc/self/status").read_text())[1]) / 1024
"""


@pytest.fixture
def measured() -> Callable[..., list[str]]:
    """measured(script, *arguments) runs a Python script that may call peak_mib(): its words on stdout.

    `peak_mib()` is the most memory that the script's process has used so far, in MiB.
    """

    def run(script: str, *arguments: str | Path, **environment: str) -> list[str]:
        command = [sys.executable, "-c", PEAK + script, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


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
