"""The lock of the state folder: one holder, named to the second, free again when the first has ended."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hub_config.state_lock import StateLockError, hold_lock


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    lock = tmp_path / "hub.lock"
    with hold_lock(lock):
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
        with pytest.raises(StateLockError) as caught, hold_lock(lock):
            pass
    assert f"another hub (process {os.getpid()}) uses the folder {tmp_path}; stop it, or" in str(caught.value)
    with hold_lock(lock):
        assert lock.read_text() == f"{os.getpid()}\n"


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from hub_config.state_lock import hold_lock\n"
        "with hold_lock(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    repository = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path / "hub.lock")], cwd=repository)
    assert result.returncode == -9
    with hold_lock(tmp_path / "hub.lock"):
        pass


def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(StateLockError, match=r"nowhere/hub\.lock cannot be opened: No such file"),
        hold_lock(tmp_path / "nowhere" / "hub.lock"),
    ):
        pass
