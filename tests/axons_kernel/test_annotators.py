"""`annotate` opens the annotator, or without the extension the simple widget, and says how to get the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ipycanvas", reason="the extra `widget` is not installed")

import axons_kernel as ax
from axons_kernel.annotations import Annotation, BoxLabel, LabelClass
from axons_kernel.errors import InputError
from axons_kernel.project import Project
from axons_kernel.widget.annotator import AnnotatorWidget
from axons_kernel.widget.canvas import AnnotationWidget

CLASSES = [LabelClass("axon", (0, 0, 255))]
BOX = BoxLabel(label_class="axon", centre=(20, 20), size=(10, 10))


@pytest.fixture(params=[True, False], ids=["with the extension", "without"])
def extension(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr("axons_kernel.annotators.has_extension", lambda: request.param)
    return bool(request.param)


def test_an_array(extension: bool, capsys: pytest.CaptureFixture[str]) -> None:
    saved: list[Annotation] = []
    widget = ax.annotate(np.zeros((40, 60), np.uint8), Annotation((BOX,)), CLASSES, on_save=saved.append, title="nerve")
    assert isinstance(widget, AnnotatorWidget if extension else AnnotationWidget)
    assert widget.annotation.labels == (BOX,)
    said = capsys.readouterr().out
    assert said == "" if extension else "pip install axons where JupyterLab runs" in said


def test_an_image_of_a_project(extension: bool, project: Project, add_discs: Callable[..., str]) -> None:
    name = add_discs(project, "nerve")
    widget: Any = project.annotate(name)
    assert isinstance(widget, AnnotatorWidget if extension else AnnotationWidget)
    assert widget.annotation.labels == project.image(name).annotation().labels
    widget.save()
    assert callable(ax.annotate), "a module of that name would hide it"


def test_options_of_the_annotator(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    monkeypatch.setattr("axons_kernel.annotators.has_extension", lambda: True)
    project.import_image(np.zeros((40, 60), np.uint8), name="nerve", pixel_size_um=0.1)
    with pytest.raises(InputError, match="add one first"):
        project.annotate("nerve")
    project.add_classes(["axon"])
    with pytest.raises(InputError, match="attributes cannot be taken"):
        project.annotate("nerve", controls=[{"control": "slider"}])
