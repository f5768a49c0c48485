"""Ties a process to the one that started it: when the parent dies, however it dies, this process gets SIGTERM.

Used in two ways: `tie_to_parent()` between fork and exec, and as a script that ties itself and then becomes the command
given to it (no extra process stays): `python -I die_with_parent.py node proxy.js`. Without it a killed hub
would leave its proxy and its students' servers behind, holding ports and memory. Linux only; elsewhere it does nothing.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1

# Loaded here and not in the function: between fork and exec nothing should be imported or allocated.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def tie_to_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies. Exits at once if the parent is gone already."""
    parent = os.getppid()
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def tied_command(*command: str | Path) -> list[str]:
    """`command`, started through this script so that it dies with its parent."""
    # -I: neither the current folder nor PYTHONPATH may change what this script imports.
    return [sys.executable, "-I", str(Path(__file__).resolve()), *map(str, command)]


if __name__ == "__main__":
    tie_to_parent()
    os.execvp(sys.argv[1], sys.argv[1:])
