"""Pictures everywhere a person would look, and the viewer or what stands for it."""

from __future__ import annotations

import base64
import html
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from axons_kernel.annotations import Annotation, BoxLabel
from axons_kernel.errors import NotFoundError
from axons_kernel.looking import StaticView, predictions
from axons_kernel.predictions import Prediction, PredictionInfo, save_prediction
from axons_kernel.project import Project
from axons_kernel.project_image import ProjectImage
from axons_kernel.pyramid import Pyramid
from axons_kernel.thumbnails import gallery, thumbnail
from axons_kernel.tiling import Tile
from axons_kernel.widget.layers import LabelOverlay

NASTY = "<img src=x onerror=alert(1)>"


def decoded(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


@pytest.fixture
def image(project: Project) -> ProjectImage:
    """1200 x 900 pixels, dark on the left and bright on the right, with one label and one prediction."""
    project.add_classes(["axon", NASTY])
    pixels = np.full((900, 1200), 60, np.uint8)
    pixels[:, 600:] = 180
    image = project.import_image(pixels, name="nerve", pixel_size_um=0.5)
    image.save_annotation(Annotation((BoxLabel(label_class="axon", centre=(300, 450), size=(200, 200)),)))
    return project.image("nerve")


@pytest.fixture
def prediction(image: ProjectImage) -> Prediction:
    mask = np.zeros(image.shape, np.uint8)
    mask[100:300, 800:1000] = 2
    info = PredictionInfo(image="nerve", model="m", classes=("axon", NASTY), pixel_size_um=0.5, area_share={})
    return save_prediction(image, info, mask)


def test_a_picture_of_an_image_has_its_labels(image: ProjectImage) -> None:
    picture = decoded(image._repr_jpeg_())
    assert picture.shape == (600, 800, 3)
    tinted, plain = picture[300, 200], picture[100, 200]
    assert tinted[0] - tinted[2] > 40 and np.ptp(plain) < 3


def test_a_picture_of_a_prediction_has_its_classes(prediction: Prediction) -> None:
    page = prediction._repr_html_()
    picture = decoded(base64.b64decode(page.partition("base64,")[2].partition('"')[0]))
    assert html.escape(NASTY) in page and NASTY not in page
    assert picture[133, 600, 2] - picture[133, 600, 0] > 30  # the second class is blue
    assert np.ptp(picture[300, 200]) < 3


def test_a_picture_is_made_from_a_coarse_level(image: ProjectImage, monkeypatch: pytest.MonkeyPatch) -> None:
    pyramid = image.pyramid()
    levels: list[int] = []
    read = Pyramid.read

    def noted(self: Pyramid, tile: Tile, level: int = 0) -> Any:
        levels.append(level)
        return read(self, tile, level)

    monkeypatch.setattr(Pyramid, "read", noted)
    thumbnail(pyramid, side=200)
    assert levels and min(levels) > 0


@pytest.mark.integration
def test_a_picture_of_a_huge_image_needs_little_memory(tmp_path: Path, measured: Callable[..., list[str]]) -> None:
    code = f"""
import numpy as np, axons_kernel as ax
project = ax.open_project({str(tmp_path / "p")!r})
"""
    write = code + "project.import_image(np.zeros((12000, 12000), np.uint8), name='big', pixel_size_um=1)"
    look = code + ("before = peak_mib(); project.image('big')._repr_jpeg_();print(peak_mib() - before)")
    measured(write)
    assert float(measured(look)[-1]) < 100  # MiB; the image alone has 137


def test_the_images_of_a_project_are_shown_with_their_pictures(project: Project, image: ProjectImage) -> None:
    page = project.images()._repr_html_()
    ((kind, data),) = re.findall(r'src="data:image/(\w+);base64,([^"]+)"', page)
    assert kind == "jpeg" and decoded(base64.b64decode(data)).shape == (240, 320, 3)
    for text in ("nerve", "1200 × 900, uint8", "600 × 450", "<td", ">1</td>"):
        assert text in page
    assert page in project._repr_html_() and project.images() == [image]


def test_one_that_cannot_be_read_does_not_hide_the_others(project: Project, image: ProjectImage) -> None:
    project.import_image(np.zeros((50, 50), np.uint8), name="second", pixel_size_um=1)
    Path(project.store.path("images/second/image.tif")).write_bytes(b"broken")
    page = project.images()._repr_html_()
    assert page.count("<img") == 1 and "no picture" in page and "second" in page


def test_an_empty_project_says_so(project: Project) -> None:
    assert "no images yet" in project._repr_html_()


def test_text_in_a_table_is_text() -> None:
    page = gallery([(None, {NASTY: NASTY})])
    assert NASTY not in page and page.count(html.escape(NASTY)) == 2


def test_there_is_an_overlay_per_finished_prediction(image: ProjectImage, prediction: Prediction) -> None:
    store = image.store
    store.write("predictions/nerve/unfinished/mask.tif", b"half of")
    found = predictions(image)
    assert list(found) == ["prediction:m"]
    assert found["prediction:m"].classes[1][0] == NASTY


def test_a_picture_of_a_prediction_that_is_not_there_is_an_error(image: ProjectImage) -> None:
    info = PredictionInfo(image="nerve", model="gone", classes=("axon",), pixel_size_um=0.5, area_share={})
    with pytest.raises(NotFoundError, match="no finished prediction of 'nerve' by 'gone'"):
        Prediction(image, info)._repr_html_()


@pytest.mark.parametrize("shape", [(5, 900), (900, 5), (1, 1)])
def test_pictures_of_odd_shapes(shape: tuple[int, int], project: Project) -> None:
    image = project.import_image(np.full(shape, 7, np.uint16), name="odd", pixel_size_um=1)
    assert max(decoded(image._repr_jpeg_()).shape[:2]) <= 800


def test_show_gives_the_viewer_with_its_overlays(
    project: Project, image: ProjectImage, prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")
    monkeypatch.setattr("axons_kernel.looking.has_extension", lambda: True)
    viewer: Any = project.show("nerve")
    assert viewer.scene["pixel_size_um"] == 0.5
    assert [overlay["id"] for overlay in viewer.scene["overlays"]] == ["prediction:m", "annotation"]
    assert [look["visible"] for look in viewer.overlays.values()] == [False, True]
    assert isinstance(viewer._layers["annotation"], LabelOverlay)
    viewer.close()


@pytest.mark.parametrize("missing", ["extension", "ipywidgets"])
def test_without_the_viewer_there_is_a_picture_and_how_to_install_it(
    image: ProjectImage,
    project: Project,
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if missing == "extension":
        monkeypatch.setattr("axons_kernel.looking.has_extension", lambda: False)
    else:
        for module in ("viewer", "lab_widget"):
            monkeypatch.delitem(sys.modules, f"axons_kernel.widget.{module}", raising=False)
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
    shown = project.show(image)
    assert isinstance(shown, StaticView)
    bundle = shown._repr_mimebundle_()
    assert decoded(bundle["image/jpeg"]).shape == (600, 800, 3)
    assert "pip install" in bundle["text/plain"] and len(capsys.readouterr().out.splitlines()) == 1


def test_the_picture_for_a_saved_notebook_stands_before_the_live_view(
    project: Project, image: ProjectImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("axons_kernel.looking.has_extension", lambda: True)
    monkeypatch.setattr("axons_kernel.widget.viewer.display", lambda data, **_: shown.append(data))
    viewer: Any = project.show(image)
    for live in (True, False):
        shown.clear()
        monkeypatch.setattr("axons_kernel.widget.viewer.is_live", lambda live=live: live)
        viewer._ipython_display_()
        assert decoded(shown[0]["image/jpeg"]).shape == (600, 800, 3)
        assert ["application/vnd.jupyter.widget-view+json" in data for data in shown[1:]] == [True] * live
    viewer.close()
