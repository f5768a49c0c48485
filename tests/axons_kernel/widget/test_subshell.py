"""Answers to the browser while a cell runs; tests/integration/test_viewer.py tries it."""

from __future__ import annotations

import pytest

from axons_kernel.widget.subshell import answer_where_asked


def test_messages_come_to_the_subshell_that_they_are_addressed_to() -> None:
    comm_module = pytest.importorskip("ipykernel.comm.comm")
    comm = comm_module.BaseComm(primary=False)
    if not hasattr(comm, "_reply_subshell_for"):
        pytest.skip("this ipykernel does not send messages elsewhere")
    comm._reply_subshell_id = None  # as after a cell has used the comm
    assert comm._reply_subshell_for({}, "sub") is None
    answer_where_asked(comm)
    assert comm._reply_subshell_for({}, "sub") == "sub"


def test_other_comms_stay_as_they_are() -> None:
    answer_where_asked(None)
