"""Home folders: names that cannot leave the folder, and a notebook that never replaces anything."""

import os
import stat
from pathlib import Path

import pytest

from spawners.homes import home_folder_name, prepare_home


@pytest.mark.parametrize(
    ("username", "name"),
    [
        ("ana", "ana"),
        ("ana.b@uni-x.ch", "ana.b@uni-x.ch"),
        ("..", "%2E."),
        (".", "%2E"),
        (".ssh", "%2Essh"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("a%2Fb", "a%252Fb"),
        ("a b", "a%20b"),
        ("zoë", "zo%C3%AB"),
        ("a\0b", "a%00b"),
        ("~", "%7E"),
        pytest.param("x" * 255, "x" * 255, id="x255"),
    ],
)
def test_every_name_becomes_one_plain_folder_name(username: str, name: str, tmp_path: Path) -> None:
    assert home_folder_name(username) == name
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize(
    ("username", "message"), [("", "this one is empty"), ("x" * 256, "256 characters is too long")]
)
def test_names_without_a_folder_are_refused(username: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        home_folder_name(username)


@pytest.fixture
def tour(tmp_path: Path) -> Path:
    path = tmp_path / "source.ipynb"
    path.write_text("{}")
    return path


def test_a_new_home_is_private_and_holds_the_tour(tmp_path: Path, tour: Path) -> None:
    home = tmp_path / "home" / "ana"
    prepare_home(home, tour)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [(path.name, path.read_text()) for path in home.iterdir()] == [("tour.ipynb", "{}")]


def test_the_users_work_is_never_replaced(tmp_path: Path, tour: Path) -> None:
    home = tmp_path / "home" / "ana"
    prepare_home(home, tour)
    (home / "tour.ipynb").write_text("mine")
    tour.write_text("a newer tour")
    prepare_home(home, tour)
    assert (home / "tour.ipynb").read_text() == "mine"


def test_a_link_in_the_home_is_not_written_through(tmp_path: Path, tour: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "tour.ipynb").symlink_to(tmp_path / "elsewhere")
    prepare_home(home, tour)
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_leaves_no_half_notebook(tmp_path: Path, tour: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        prepare_home(tmp_path / "home", tour)
    assert list((tmp_path / "home").iterdir()) == []


def test_a_missing_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        prepare_home(tmp_path / "home", tmp_path / "nowhere.ipynb")
