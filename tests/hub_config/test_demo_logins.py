"""The demo logins: random, kept, private, and refused when damaged."""

import re
import stat
from pathlib import Path

import pytest

from hub_config.demo_logins import DEMO_USERS, ensure_demo_logins, new_password
from hub_config.secrets_store import SecretsError


def test_passwords_can_be_typed_and_differ() -> None:
    passwords = {new_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(re.fullmatch(r"[a-z]{4}(-[a-z]{4}){4}", password) for password in passwords)


def test_they_are_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "demo-logins.txt"
    logins = ensure_demo_logins(path)
    assert tuple(logins) == DEMO_USERS
    assert len(set(logins.values())) == 3
    assert ensure_demo_logins(path) == logins
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(f"{user:<12}{password}" in path.read_text() for user, password in logins.items())


@pytest.mark.parametrize("text", ["student abc\n", "student a\ninstructor b\nadmin\n", "x y\nstudent a\n"])
def test_a_damaged_file_says_what_it_needs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "demo-logins.txt"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(SecretsError, match=r"needs one line each for student, instructor, admin.*delete it"):
        ensure_demo_logins(path)
