"""The package's face: its names, what importing it costs, and what is said when an extra is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

import axons_kernel as ax


@pytest.mark.parametrize("name", ax.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ax, name) is not None and name in dir(ax)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(AttributeError, match=r"axons_kernel has no name 'open'; it has: .*open_project"):
        _ = ax.open


def test_table_of_names_is_complete() -> None:
    assert sorted(ax.__all__) == ax.__all__ == sorted([*ax._HOME, *ax._MODULES])


def loaded(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


HEAVY = {"torch", "ipycanvas", "ipywidgets", "jupyterhub", "albumentations", "tornado"}


def test_import_is_light() -> None:
    assert not loaded("import axons_kernel") & (HEAVY | {"numpy", "matplotlib", "fsspec"})


def test_a_project_needs_no_torch_and_no_widgets() -> None:
    assert not loaded("import axons_kernel; axons_kernel.open_project('memory://x')") & HEAVY


def test_the_annotator_loads_helpers_when_they_are_used() -> None:
    """The widget's first picture would wait for them."""
    slow = {"skimage.feature", "skimage.graph", "scipy.cluster", "cv2", "torch"}
    assert not loaded("import axons_kernel.annotating, axons_kernel.widget.annotator") & slow


def test_import_takes_less_than_0_3_s() -> None:
    """The best of five, so that a busy machine does not fail it; the bare interpreter's start is not counted."""

    def seconds(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - started

    assert min(seconds("import axons_kernel") for _ in range(5)) - min(seconds("") for _ in range(3)) < 0.3


WITHOUT = """
import sys
sys.modules[{missing!r}] = None
import axons_kernel as ax, numpy as np
try:
    {call}
except ax.AxonsKernelError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("missing", "call", "message"),
    [
        ("ipycanvas", "ax.annotate(np.zeros((9, 9)))", "widget needs ipycanvas: pip install 'axons[widget]'."),
        ("torch", "ax.open_project('memory://x').train('s')", "needs torch: pip install 'axons[train]'."),
        ("torch", "ax.open_project('memory://x').run('s')", "needs torch: pip install 'axons[train]'."),
        ("s3fs", "ax.open_project('s3://bucket/x')", "A project on s3:// needs s3fs: pip install 'axons[s3]'."),
    ],
)
def test_missing_extra_says_what_to_install(missing: str, call: str, message: str) -> None:
    code = WITHOUT.format(missing=missing, call=call)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert message in done.stdout, done.stderr[-500:]
