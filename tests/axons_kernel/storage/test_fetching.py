"""Users' files: where they are taken from, and what no file is."""

from __future__ import annotations

import http.server
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from axons_kernel.errors import InputError, NotFoundError, StorageError
from axons_kernel.storage import fetch_source, read_if_there, source_folder
from axons_kernel.storage.fetching import copy_all

DATA = os.urandom(300_000)


def fetched(location: str | os.PathLike[str], told: list[tuple[int, int]] | None = None) -> bytes:
    heard = [] if told is None else told
    with fetch_source(location, lambda done, total: heard.append((done, total))) as file:
        file.seek(7)
        rest = file.read()
        file.seek(0)
        return file.read(7) + rest


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        whole = "cut" not in self.path
        self.send_response(200 if "missing" not in self.path else 404)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA if whole else DATA[: len(DATA) // 2])

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that sends DATA, half of it for "cut", and knows no "missing"."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_path_and_a_url_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "Größe 1.tif"
    path.write_bytes(DATA)
    assert fetched(path) == fetched(str(path)) == fetched(f"file://{path}") == DATA


def test_memory(tmp_path: Path) -> None:
    url = f"memory://{uuid4().hex}/a.tif"
    with fsspec.open(url, "wb") as file:
        file.write(DATA)
    told: list[tuple[int, int]] = []
    assert fetched(url, told) == DATA
    assert told[-1] == (len(DATA), len(DATA))


def test_http(server: str) -> None:
    pytest.importorskip("aiohttp")
    assert fetched(f"{server}/a.tif?key=1") == DATA


def test_a_connection_that_is_cut(server: str) -> None:
    pytest.importorskip("aiohttp")
    with pytest.raises(StorageError, match=r"Cannot read http://.*/cut\.tif: the connection was cut.*[Rr]un it again"):
        fetched(f"{server}/cut.tif")


def test_a_stream_that_ends_too_soon() -> None:
    class Source(io.BytesIO):
        size = 9

    with pytest.raises(StorageError, match=r"Cannot read it: the connection was cut after 5 of 9 bytes\. Run it again"):
        copy_all(Source(b"12345"), io.BytesIO(), "read it", lambda done, total: None)


def test_nothing_at_an_address(server: str) -> None:
    pytest.importorskip("aiohttp")
    with pytest.raises(NotFoundError, match=r"Cannot read http://.*missing\.tif: there is no such file"):
        fetched(f"{server}/missing.tif")
    assert read_if_there(f"{server}/missing.tif") is None


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="it is a folder, and a file is needed"):
        fetched(tmp_path)
    with pytest.raises(NotFoundError, match="there is no such file"):
        fetched(tmp_path / "none.tif")
    with pytest.raises(InputError, match="cannot hold the character NUL"):
        fetched("a\0b.tif")
    with pytest.raises(StorageError, match="too long"):
        fetched(tmp_path / ("x" * 300))


@pytest.mark.timeout(10)
def test_a_pipe_and_a_device_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    for location in (tmp_path / "pipe.tif", "/dev/zero"):
        with pytest.raises(StorageError, match="it is a pipe or a device, and a file is needed"):
            fetched(location)
    with pytest.raises(StorageError, match="it is a pipe or a device"):
        read_if_there(tmp_path / "pipe.tif")


@contextmanager
def nobody() -> Iterator[None]:
    """Root may read everything: for a while, be somebody who may not."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "a.tif").touch()
    assert fetched(tmp_path / "a.tif") == b""  # and whatever this loads is loaded
    (tmp_path / "a.tif").chmod(0)
    with nobody(), pytest.raises(StorageError, match=r"Cannot read .*a\.tif: no permission"):
        fetched(tmp_path / "a.tif")


def test_a_small_file_that_may_be_there(tmp_path: Path) -> None:
    assert read_if_there(tmp_path / "a.json") is None
    assert read_if_there(tmp_path / "no folder" / "a.json") is None
    (tmp_path / "a.json").write_bytes(b"{}")
    assert read_if_there(tmp_path / "a.json") == b"{}"


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "a.zarr" / "0").mkdir(parents=True)
    (tmp_path / "a.zarr" / "0" / "0").write_bytes(b"x")
    files = source_folder(tmp_path / "a.zarr")
    assert files is not None and files["0/0"] == b"x"
    assert source_folder(tmp_path / "a.zarr" / "0" / "0") is None
    assert source_folder(tmp_path / "none") is None
