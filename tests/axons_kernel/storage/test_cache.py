"""The read cache: one download for many readers, changes noticed, damage repaired, and never more than its limit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from axons_kernel.errors import InputError, StorageError
from axons_kernel.storage.cache import ReadCache, cache_folder, cache_limit, shared_cache


class Server:
    """Objects with their ETags; counts what was asked of it and what was sent."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked = self.sent = 0
        self.wait = 0.0

    def fetch(self, name: str) -> Callable[[IO[bytes] | None, str | None], str | None]:
        def answer(file: IO[bytes] | None, known: str | None) -> str | None:
            self.asked += 1
            data = self.objects[name]
            etag = f'"{hash(data)}"'
            if etag == known:
                return None
            if file is not None:
                self.sent += 1
                time.sleep(self.wait)
                file.write(data)
            return etag

        return answer


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def cache(tmp_path: Path) -> ReadCache:
    return ReadCache(tmp_path / "cache", 1000)


def read(cache: ReadCache, server: Server, name: str) -> bytes:
    file, etag = cache.open(name, server.fetch(name))
    assert etag == f'"{hash(server.objects[name])}"'
    with file:
        return file.read()


def files(cache: ReadCache, ending: str) -> list[Path]:
    return sorted((cache.folder / "objects").glob(f"*/*{ending}"))


def test_second_read_sends_nothing(cache: ReadCache, server: Server) -> None:
    server.objects["a"] = b"content"
    assert read(cache, server, "a") == read(cache, server, "a") == b"content"
    info = cache.info()
    assert (server.sent, server.asked) == (1, 2)  # one request each: with the second, whether it has changed
    assert (info.hits, info.misses, info.objects, info.bytes) == (1, 1, 1, 7)


def test_a_changed_object_is_noticed(cache: ReadCache, server: Server) -> None:
    for data in (b"one", b"two", b"three"):
        server.objects["a"] = data
        assert read(cache, server, "a") == data
    assert cache.info().objects == 1 and len(files(cache, ".data")) == 1


def test_another_process_finds_it(cache: ReadCache, server: Server) -> None:
    server.objects["a"] = b"content"
    read(cache, server, "a")
    assert read(ReadCache(cache.folder, 1000), server, "a") == b"content" and server.sent == 1


@pytest.mark.parametrize("damage", [b"", b"CONTENT", b"content and more"])
@pytest.mark.parametrize("same_process", [True, False])
def test_damaged_file_is_fetched_again(cache: ReadCache, server: Server, damage: bytes, same_process: bool) -> None:
    server.objects["a"] = b"content"
    read(cache, server, "a")
    files(cache, ".data")[0].write_bytes(damage)
    again = cache if same_process else ReadCache(cache.folder, 1000)
    assert read(again, server, "a") == b"content" and server.sent == 2


def test_damage_that_keeps_its_time_is_seen_by_the_next_process(cache: ReadCache, server: Server) -> None:
    server.objects["a"] = b"content"
    read(cache, server, "a")
    (path,) = files(cache, ".data")
    before = path.stat()
    path.write_bytes(b"cOntent")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read(ReadCache(cache.folder, 1000), server, "a") == b"content"


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"source": 1}'])
def test_damaged_note_is_no_entry(cache: ReadCache, server: Server, note: bytes) -> None:
    server.objects["a"] = b"content"
    read(cache, server, "a")
    files(cache, ".json")[0].write_bytes(note)
    assert read(cache, server, "a") == b"content" and server.sent == 2


def test_download_that_fails_leaves_nothing(cache: ReadCache, server: Server) -> None:
    def cut(file: IO[bytes] | None, known: str | None) -> str:
        assert file
        file.write(b"half")
        raise ConnectionError("cut")

    with pytest.raises(ConnectionError):
        cache.open("a", cut)
    assert [path for path in cache.folder.rglob("*") if path.is_file() and path.parent.name != "locks"] == []
    server.objects["a"] = b"content"
    assert read(cache, server, "a") == b"content"


def test_many_threads_one_download(cache: ReadCache, server: Server) -> None:
    server.objects["a"], server.wait = b"content", 0.1
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read(cache, server, "a"), range(16)))
    assert found == [b"content"] * 16 and server.sent == 1
    assert cache.info().misses == 1 and cache.info().hits == 15


def test_limit_is_kept(cache: ReadCache, server: Server) -> None:
    for number in range(8):
        server.objects[str(number)] = bytes([number]) * 300
        assert read(cache, server, str(number)) == server.objects[str(number)]
        assert cache.info().bytes <= 1000
    info = cache.info()
    assert (info.objects, info.evictions) == (3, 5) and len(files(cache, ".data")) == 3


def test_used_objects_stay(cache: ReadCache, server: Server) -> None:
    server.objects |= {"model": b"m" * 300, **{str(n): b"%d" % n * 300 for n in range(8)}}
    for number in range(8):
        read(cache, server, "model")
        read(cache, server, str(number))
    assert read(cache, server, "model") == b"m" * 300
    assert server.sent == 9  # the model once


def test_object_over_the_limit_is_read_but_not_kept(cache: ReadCache, server: Server) -> None:
    server.objects["a"] = b"x" * 1001
    assert read(cache, server, "a") == server.objects["a"] and cache.info().objects == 0


def test_evicted_file_stays_readable_for_its_reader(cache: ReadCache, server: Server) -> None:
    server.objects |= {"a": b"a" * 600, "b": b"b" * 600}
    with cache.open("a", server.fetch("a"))[0] as file:
        read(cache, server, "b")
        assert cache.info().evictions == 1
        assert file.read() == b"a" * 600


def test_adopted_file_needs_no_download(cache: ReadCache, server: Server, tmp_path: Path) -> None:
    server.objects["a"] = b"content"
    (tmp_path / "file").write_bytes(b"content")
    cache.adopt("a", tmp_path / "file", f'"{hash(b"content")}"')
    assert read(cache, server, "a") == b"content" and server.sent == 0
    (tmp_path / "large").write_bytes(b"x" * 1001)
    cache.adopt("large", tmp_path / "large", '"1"')
    assert (tmp_path / "large").exists() and cache.info().objects == 1


def test_clear(cache: ReadCache, server: Server) -> None:
    server.objects["a"] = b"content"
    read(cache, server, "a")
    cache.clear()
    assert cache.info().objects == 0 and read(cache, server, "a") == b"content"


def test_folder_is_private(cache: ReadCache, server: Server) -> None:
    server.objects["a"] = b"content"
    read(cache, server, "a")
    assert cache.folder.stat().st_mode & 0o077 == 0


def test_full_disk_names_the_cache(small_disk: Path, server: Server) -> None:
    server.objects["a"] = b"x" * 400_000
    cache = ReadCache(small_disk / "cache", 10**9)
    with pytest.raises(
        StorageError, match=r"The read cache at .*cache cannot be written: the disk is full.*AXONS_CACHE"
    ):
        cache.open("a", server.fetch("a"))
    server.objects["a"] = b"x" * 1000
    assert read(cache, server, "a") == b"x" * 1000
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(bytes(400_000))
    assert read(cache, server, "a") == b"x" * 1000  # what is there needs no space


def test_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("AXONS_CACHE", raising=False)
    monkeypatch.delenv("AXONS_CACHE_GB", raising=False)
    assert cache_folder() == tmp_path / "axons" and cache_limit() == 10**10
    monkeypatch.setenv("AXONS_CACHE", str(tmp_path / "other"))
    monkeypatch.setenv("AXONS_CACHE_GB", "0.5")
    assert shared_cache() is shared_cache() and shared_cache().folder == tmp_path / "other"
    assert shared_cache().limit == 500_000_000
    for wrong in ("much", "-1", "nan"):
        monkeypatch.setenv("AXONS_CACHE_GB", wrong)
        with pytest.raises(InputError, match=f"AXONS_CACHE_GB='{wrong}' is not allowed: give gigabytes"):
            cache_limit()


# -- several processes -----------------------------------------------------------------------------------------------

READER = """
import sys, time, pathlib
from axons_kernel.storage.cache import ReadCache
folder, log = map(pathlib.Path, sys.argv[1:3])
def fetch(file, known):
    if known == "1":
        return None
    with open(log, "a") as lines:
        lines.write("fetch\\n")
    for _ in range(20):
        file.write(b"x" * 1000)
        file.flush()
        time.sleep(0.02)
    return "1"
with ReadCache(folder, 10**6).open("a", fetch)[0] as file:
    print(len(file.read()))
"""


def start_reader(folder: Path, log: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", READER, str(folder), str(log)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_many_processes_one_download(tmp_path: Path) -> None:
    readers = [start_reader(tmp_path / "cache", tmp_path / "log") for _ in range(3)]
    assert [reader.communicate(timeout=60)[0].strip() for reader in readers] == ["20000"] * 3
    assert (tmp_path / "log").read_text() == "fetch\n"


def test_killed_download_leaves_no_entry_and_no_lock(tmp_path: Path) -> None:
    reader, objects = start_reader(tmp_path / "cache", tmp_path / "log"), tmp_path / "cache" / "objects"
    limit = time.monotonic() + 30
    while not any(path.stat().st_size for path in objects.glob(".axons-tmp-*")) and time.monotonic() < limit:
        time.sleep(0.01)
    reader.kill()
    reader.communicate()
    cache = ReadCache(tmp_path / "cache", 10**6)
    assert cache.info().objects == 0 and list(objects.glob(".axons-tmp-*"))
    done = threading.Event()
    server = Server()
    server.objects["a"] = b"whole"
    thread = threading.Thread(target=lambda: (read(cache, server, "a"), done.set()))
    thread.start()
    assert done.wait(20), "the lock of a killed process is still held"
    assert read(cache, server, "a") == b"whole"


CHANGING = """
import hashlib, os, random, sys, pathlib
from axons_kernel.storage.cache import ReadCache
folder, served, seed = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
cache, rng = ReadCache(folder, 3000), random.Random(seed)
def fetch_of(name):
    def fetch(file, known):
        data = (served / name).read_bytes()
        etag = hashlib.md5(data).hexdigest()
        if etag == known:
            return None
        if file is not None:
            file.write(data)
        return etag
    return fetch
for _ in range(400):
    name = rng.choice("abc")
    if rng.random() < 0.2:
        temporary = served / f"{name}{seed}"
        temporary.write_bytes(rng.choice((b"1", b"2", b"3")) * rng.choice((900, 1100)))
        os.replace(temporary, served / name)
    file, etag = cache.open(name, fetch_of(name))
    with file:
        data = file.read()
    assert len(set(data)) == 1 and len(data) in (900, 1100), "torn"
print("sound")
"""


def test_processes_that_change_read_and_evict_at_once(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    for name in "abc":
        (served / name).write_bytes(b"0" * 900)
    command = [sys.executable, "-c", CHANGING, str(tmp_path / "cache"), str(served)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen([*command, str(seed)], **pipes) for seed in range(3)]
    said = [worker.communicate(timeout=100) for worker in workers]
    assert [out for out, _ in said] == ["sound\n"] * 3, said
