"""Files that come from a browser: kept out of sight until they are whole, imported under a harmless name."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel import receiving
from axons_kernel.errors import ImageReadError, InputError, MissingExtraError
from axons_kernel.project import Project
from axons_kernel.receiving import IncomingFile
from axons_kernel.storage import Store
from axons_kernel.uploading import bring_in

PICTURE = (np.arange(64 * 48).reshape(48, 64) % 256).astype(np.uint8)
HOSTILE = [
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "a/b\0c.png",
    "x" * 900 + ".png",
    "<img src=x>.png",
    ".",
    "😀.tif",
    "",
]


def arrived(store: Store, data: bytes) -> IncomingFile:
    file = IncomingFile(receiving.incoming_folder(store))
    file.append(data)
    return file


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_it_has_the_hash_and_size_of_all_pieces(tmp_path: Path) -> None:
    file = IncomingFile(str(tmp_path))
    for piece in (b"ab", memoryview(b"cd"), b""):
        file.append(piece)
    assert (file.size, file.sha256) == (4, hashlib.sha256(b"abcd").hexdigest())


def test_the_project_does_not_see_it_and_nothing_is_left(project: Project) -> None:
    before = below(Path(project.store.url))
    file = arrived(project.store, b"abc")
    assert below(Path(project.store.url)) > before
    assert project.store.names("") == ["project.json"]
    file.discard()
    file.discard()
    assert below(Path(project.store.url)) == before


def test_a_file_that_is_forgotten_is_removed(project: Project) -> None:
    before = below(Path(project.store.url))
    arrived(project.store, b"abc")
    gc.collect()
    assert below(Path(project.store.url)) == before


def test_it_becomes_an_image_with_the_name_of_its_file(project: Project, png: Callable[..., bytes]) -> None:
    data = png(PICTURE)
    done = bring_in(project.store, arrived(project.store, data), "my nerve (1).PNG", "", 0.1)
    image = project.image(done.name)
    assert (done.name, image.info.source_name) == ("my-nerve-1", "my-nerve-1.png")
    assert image.info.sha256 == hashlib.sha256(data).hexdigest()
    assert (image.pixels() == PICTURE).all() and done.picture.startswith(b"\x89PNG") and "64 x 48" in done.text


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_hostile_names_lead_nowhere(project: Project, png: Callable[..., bytes], name: str) -> None:
    root = Path(project.store.url)
    done = bring_in(project.store, arrived(project.store, png(PICTURE)), name, "", 0.1)
    gc.collect()
    assert {path.split("/")[0] for path in below(root)} <= {"project.json", "images", ".axons-lock"}
    assert below(root.parent) == {root.name, *(f"{root.name}/{path}" for path in below(root))}
    assert project.image(done.name).shape == (48, 64)


def test_messages_speak_of_the_persons_file_and_of_the_widgets_fields(
    project: Project, png: Callable[..., bytes]
) -> None:
    with pytest.raises(InputError, match=r"^The pixel size of nerve.png is not known: give it in µm here\.$"):
        bring_in(project.store, arrived(project.store, png(PICTURE)), "nerve.png", "", None)
    with pytest.raises(ImageReadError, match=r"^nerve.png is not an image"):
        bring_in(project.store, arrived(project.store, b"nonsense"), "nerve.png", "", 0.1)
    bring_in(project.store, arrived(project.store, png(PICTURE)), "nerve.png", "", 0.1)
    with pytest.raises(InputError, match="another image named 'nerve': give this one a name of its own"):
        bring_in(project.store, arrived(project.store, png(255 - PICTURE)), "nerve.png", "", 0.1)
    assert bring_in(project.store, arrived(project.store, png(255 - PICTURE)), "nerve.png", "two", 0.1).name == "two"


def test_without_the_extension_it_says_what_to_do(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")
    monkeypatch.setattr("axons_kernel.uploading.has_extension", lambda: False)
    with pytest.raises(MissingExtraError, match=r"drag files into JupyterLab's file list"):
        project.upload()


def test_the_widget_brings_files_into_the_project(
    project: Project, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")
    monkeypatch.setattr("axons_kernel.uploading.has_extension", lambda: True)
    widget: Any = project.upload()
    file = widget._place.new_file()
    file.append(png(PICTURE))
    assert widget._place.bring_in(file, "nerve.png", "", 0.1).name == "nerve"
    assert widget.limits["free"] > 0
    widget.close()
