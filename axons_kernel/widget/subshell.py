"""Answer the browser while a cell runs."""

from __future__ import annotations

from typing import Any


def answer_where_asked(comm: Any) -> None:
    """Let messages for `comm` come to the subshell (a thread of the kernel) that they are addressed to.

    ipykernel 7.4 sends them to the thread that used the comm last. That is the main one when a cell has just made the
    widget or changed it, and messages would wait until the cell (with Run All: the last cell) has ended.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _as_addressed


def _as_addressed(_: Any, subshell: str | None) -> str | None:
    return subshell
