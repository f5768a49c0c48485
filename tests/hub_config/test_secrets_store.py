"""Secret files: who can read them, that they are complete, and that unsafe ones are refused in words."""

import os
import stat
from pathlib import Path

import pytest

from hub_config.secrets_store import (
    SecretsError,
    ensure_private_folder,
    ensure_secret,
    read_secret,
    write_new_secret,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ensure_private_folder(tmp_path / "state")
        ensure_secret(tmp_path / "state" / "secret")
    finally:
        os.umask(before)
    assert mode(tmp_path / "state") == 0o700
    assert mode(tmp_path / "state" / "secret") == 0o600


def test_an_open_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(SecretsError, match=r"has mode 0755, .*it must be 0700: run chmod 700"):
        ensure_private_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SecretsError, match="file/state cannot be made: Not a directory"):
        ensure_private_folder(tmp_path / "file" / "state")


def test_a_secret_is_random_and_stays(tmp_path: Path) -> None:
    first = ensure_secret(tmp_path / "a")
    assert ensure_secret(tmp_path / "a") == first
    assert len(bytes.fromhex(first)) == 32
    assert ensure_secret(tmp_path / "b") != first


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o644, 0o660])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, bits: int) -> None:
    ensure_secret(tmp_path / "a")
    (tmp_path / "a").chmod(bits)
    with pytest.raises(SecretsError, match=rf"\(mode {bits:04o}, .*can be read by others.*0600: delete it"):
        ensure_secret(tmp_path / "a")


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    write_new_secret(tmp_path / "a", "")
    with pytest.raises(SecretsError, match="is empty; delete it"):
        read_secret(tmp_path / "a")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    ensure_secret(tmp_path / "a")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(SecretsError, match="cannot be opened"):
        ensure_secret(tmp_path / "b")


def test_a_secret_is_never_overwritten_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_new_secret(tmp_path / "a", "one")
    with pytest.raises(FileExistsError):
        write_new_secret(tmp_path / "a", "two")
    assert read_secret(tmp_path / "a") == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(SecretsError, match="cannot be written: No space left on device"):
        ensure_secret(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
