"""A child process and everything that comes from it: started together, stopped together, nothing left behind.

On Linux this process becomes the "subreaper": a process whose own parent has died becomes our child. So the kernels
and servers of a hub that died can still be found, ended and reaped. Elsewhere only the child itself is stopped.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
TICK_S = 0.1
TERM_GRACE_S = 5.0


class ProcessTree:
    """One child, in a session of its own so that a Ctrl-C in the terminal reaches only us, and we stop it in order."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> None:
        """Start `command` in `folder`, output appended to `log` (mode 0600). Raises `OSError`."""
        _adopt_orphans(True)
        self._status: int | None = None
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                start_new_session=True,
                umask=0o077,
            )
        except OSError:
            _adopt_orphans(False)  # nobody would reap them
            raise
        finally:
            os.close(handle)

    def poll(self) -> int | None:
        """The child's exit status (negative: the signal that ended it), or None while it runs. Reaps orphans."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return self._status
            if pid == 0:
                return self._status
            if pid == self._child.pid:
                self._status = self._child.returncode = os.waitstatus_to_exitcode(status)

    def stop(self, grace_s: float, rest_s: float = TERM_GRACE_S) -> None:
        """Ask the child to stop, wait `grace_s` seconds for it, then end whatever is left.

        What is left gets SIGTERM, and SIGKILL `rest_s` seconds later. Returns when all is gone.
        """
        if self.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            self._wait(grace_s, lambda: self.poll() is not None)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._remaining():
                _send(pid, sign)
            if self._wait(rest_s, lambda: not self._remaining()):
                return

    def _remaining(self) -> list[int]:
        status = self.poll()
        found = descendants(os.getpid())
        return found if found or status is not None else [self._child.pid]

    def _wait(self, seconds: float, done: Callable[[], bool]) -> bool:
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                return False
            time.sleep(TICK_S)
        return True


def _adopt_orphans(adopt: bool) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


def descendants(root: int) -> list[int]:
    """The process ids of everything that comes from `root`, without `root`; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it ended while we looked
        parent = int(text.rpartition(")")[2].split()[1])  # the name in brackets may hold anything, even ")"
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, queue = [], [root]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def _send(pid: int, sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it may have ended by itself
        os.kill(pid, sign)
