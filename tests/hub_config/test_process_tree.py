"""A process tree is stopped with everything that came from it, also what has left its parents."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub_config.process_tree import ProcessTree, descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux only")

# Starts a process in a session of its own that ignores SIGTERM, and ends: what is left is an orphan.
ORPHAN = "trap '' TERM; setsid sh -c \"trap '' TERM; echo orphan; sleep 60 & wait\" & {}"

# Runs in a process of its own, for it adopts orphans and reaps every child.
RUNNER = """
import sys, time
from pathlib import Path
from hub_config.process_tree import ProcessTree, descendants
import os
folder = Path(sys.argv[1])
tree = ProcessTree(["sh", "-c", sys.argv[2]], os.environ, folder, folder / "log")
while "orphan" not in (folder / "log").read_text():
    time.sleep(0.05)
time.sleep(0.3)
print(len(descendants(os.getpid())) > 0, tree.poll())
tree.stop(0.2, rest_s=0.5)
print(descendants(os.getpid()), tree.poll())
"""


@pytest.mark.parametrize(("end", "before", "after"), [("exit 3", "True 3", "[] 3"), ("wait", "True None", "[] -9")])
def test_nothing_is_left(tmp_path: Path, end: str, before: str, after: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", RUNNER, str(tmp_path), ORPHAN.format(end)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert result.stderr == ""
    assert result.stdout.splitlines() == [before, after]
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_descendants_are_found_through_their_parents() -> None:
    parent = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60 & wait"])
    try:
        end = time.monotonic() + 5
        while len(descendants(parent.pid)) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        below = descendants(parent.pid)
        assert len(below) == 2
        assert {parent.pid, *below} <= set(descendants(os.getpid()))
    finally:
        for pid in below:
            os.kill(pid, 9)
        parent.wait()


def test_a_command_that_does_not_exist_is_an_error_and_no_orphan_is_adopted(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ProcessTree(["/surely/not/there"], {}, tmp_path, tmp_path / "log")
    orphan = int(subprocess.check_output(["sh", "-c", "sleep 60 >/dev/null & echo $!"]))
    try:
        assert orphan not in descendants(os.getpid())
    finally:
        os.kill(orphan, signal.SIGKILL)
