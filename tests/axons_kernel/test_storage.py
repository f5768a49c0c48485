"""Storage: one contract for every kind of root, atomic writes, and errors that say what to do."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from axons_kernel.copying import copy_project
from axons_kernel.errors import ConflictError, InputError, NotFoundError, StorageError
from axons_kernel.storage import TEMPORARY_PREFIX, Store, check_name, name_from_file, read_source


@pytest.fixture
def store(store_url: str) -> Store:
    return Store(store_url)


class TestContract:
    """What every store does, wherever it is."""

    def test_reads_what_was_written(self, store: Store) -> None:
        store.write("a/b/c.bin", b"\0one\xff")
        assert store.read("a/b/c.bin") == b"\0one\xff"

    def test_write_replaces(self, store: Store) -> None:
        store.write("a", b"a long first version")
        store.write("a", b"2")
        assert store.read("a") == b"2"

    def test_empty_object_exists(self, store: Store) -> None:
        store.write("empty", b"")
        assert store.exists("empty") and store.read("empty") == b""

    def test_nothing_exists_at_first(self, store: Store) -> None:
        assert not store.exists("a") and store.names("") == [] and store.names("folder") == []

    def test_folder_exists_with_its_object(self, store: Store) -> None:
        store.write("folder/a", b"")
        assert store.exists("folder") and not store.exists("fold")

    def test_names_are_sorted_direct_children(self, store: Store) -> None:
        for key in ("f/b", "f/a", "f/sub/deep", "other"):
            store.write(key, b"")
        assert store.names("f") == ["a", "b", "sub"]
        assert store.names("") == ["f", "other"]

    def test_missing_object_is_named(self, store: Store) -> None:
        with pytest.raises(NotFoundError, match=r"Cannot read .*f/gone: there is no such file") as caught:
            store.read("f/gone")
        assert isinstance(caught.value, FileNotFoundError)

    def test_append_line_makes_and_extends(self, store: Store) -> None:
        store.append_line("log/x.txt", "one")
        store.append_line("log/x.txt", "zwei µm")
        assert store.read("log/x.txt").decode() == "one\nzwei µm\n"

    def test_open_reads_windows_of_an_object(self, store: Store) -> None:
        store.write("a", b"0123456789")
        with store.open("a") as file:
            file.seek(4)
            assert file.read(3) == b"456"
        with pytest.raises(NotFoundError, match=r"Cannot read .*gone"):
            store.open("gone")

    def test_writing_publishes_at_the_end(self, store: Store) -> None:
        store.write("f/a", b"old")
        with store.writing("f/a") as path:
            path.write_bytes(b"new")
            assert store.read("f/a") == b"old"
        assert store.read("f/a") == b"new" and store.names("f") == ["a"]

    def test_writing_that_fails_changes_nothing(self, store: Store) -> None:
        store.write("f/a", b"old")
        with pytest.raises(RuntimeError, match="halfway"), store.writing("f/a") as path:
            path.write_bytes(b"new")
            raise RuntimeError("halfway")
        assert store.read("f/a") == b"old" and store.names("f") == ["a"] and not path.exists()

    def test_a_store_on_nothing_is_empty(self, store: Store) -> None:
        assert list(store.walk()) == [] and list(store.walk("folder")) == []
        store.remove("a")  # no error
        with pytest.raises(NotFoundError, match=r"Cannot look for .*/a: there is no such file"):
            store.stat("a")

    def test_content_of_every_kind_comes_back(self, store: Store) -> None:
        for number, data in enumerate(
            (b"", b"\0", bytes(range(256)) * 17, "Nervus ischiadicus – µm, 神経\r\n".encode())
        ):
            store.write(f"f/{number}", data)
            assert store.read(f"f/{number}") == data and store.stat(f"f/{number}").bytes == len(data)

    def test_unicode_keys(self, store: Store) -> None:
        for key in ("ordner/Größe µm.txt", "神経/a b+c%20&?#.bin", "x" * 200):
            store.write(key, key.encode())
            assert store.read(key).decode() == key and store.exists(key)
        assert store.names("") == sorted(["ordner", "神経", "x" * 200])

    @pytest.mark.parametrize(
        "key", ["../x", "a/../../x", "/x", "a//b", "a/", "./a", "a\0b", "x" * 256, "ab/" * 301 + "c"]
    )
    def test_keys_that_lead_elsewhere_are_refused(self, store: Store, key: str) -> None:
        for action in (store.read, store.exists, store.remove, store.stat, lambda k: store.write(k, b"")):
            with pytest.raises(InputError, match="cannot be the place of an object"):
                action(key)
        assert list(store.walk()) == []

    def test_big_object(self, store: Store) -> None:
        data = random.Random(0).randbytes(18 << 20)  # more than S3 gets in one request
        store.write("big", data)
        assert store.read("big") == data
        with store.open("big") as file:
            file.seek(9 << 20)
            assert file.read(100) == data[9 << 20 :][:100]

    def test_walk_finds_every_object_at_any_depth(self, store: Store) -> None:
        keys = [*sorted(f"f/{n % 7}/{n}" for n in range(60)), "g", f"h/{TEMPORARY_PREFIX}1"]
        for key in keys:
            store.write(key, key.encode())
        assert sorted(key for key, _ in store.walk()) == keys[:-1]
        assert all(stat.bytes == len(key) for key, stat in store.walk())
        assert sorted(key for key, _ in store.walk("f/3")) == [key for key in keys if key.startswith("f/3/")]
        assert [key for key, _ in store.walk(temporaries=True)] == keys[-1:]
        assert store.names("f") == list("0123456") and store.names("h") == []

    def test_a_name_is_no_prefix(self, store: Store) -> None:
        store.write("ab/c", b"")
        assert store.names("a") == [] and list(store.walk("a")) == [] and not store.exists("a")

    def test_time_of_an_object(self, store: Store) -> None:
        store.write("a", b"")
        assert abs(store.stat("a").modified - time.time()) < 60

    def test_remove(self, store: Store) -> None:
        for key in ("f/a", "f/b"):
            store.write(key, b"1")
        store.remove("f/a")
        assert store.names("f") == ["b"] and not store.exists("f/a")
        store.remove("f/b")
        assert not store.exists("f") and store.names("") == []
        with pytest.raises(NotFoundError):
            store.read("f/a")

    def test_create_only_once(self, store: Store) -> None:
        assert store.create("f/a", b"first") and not store.create("f/a", b"second")
        assert store.read("f/a") == b"first"
        store.remove("f/a")
        assert store.create("f/a", b"third") and store.read("f/a") == b"third"

    def test_one_of_many_creators_wins(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            won = [list(pool.map(lambda n, k=key: store.create(f"f/{k}", b"%d" % n), range(8))) for key in range(5)]
        assert [sum(wins) for wins in won] == [1] * 5
        assert all(store.read(f"f/{key}") == b"%d" % wins.index(True) for key, wins in enumerate(won))

    def test_replace_needs_the_version_that_was_read(self, store: Store) -> None:
        version = store.replace("a", b"1", None)
        assert store.read_versioned("a") == (b"1", version)
        newer = store.replace("a", b"22", version)
        for outdated in (version, None):
            with pytest.raises(ConflictError, match=r"Cannot write .*a: another process has changed it.*Read it again"):
                store.replace("a", b"mine", outdated)
        assert store.read_versioned("a") == (b"22", newer)
        store.remove("a")
        with pytest.raises(ConflictError):
            store.replace("a", b"mine", newer)
        assert not store.exists("a")

    def test_update_loses_nothing(self, store: Store) -> None:
        def count(_: int) -> None:
            store.update("n", lambda known: b"%d" % (int(known or b"0") + 1))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count, range(24)))
        assert store.read("n") == b"24"

    def test_update_that_changes_nothing_writes_nothing(self, store: Store) -> None:
        version = store.replace("a", b"1", None)
        assert store.update("a", lambda known: known or b"") == b"1"
        assert store.read_versioned("a")[1] == version

    def test_lines_of_two_writers_are_all_there(self, store: Store) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda n: store.append_line("log.txt", f"line {n}"), range(20)))
        assert sorted(store.read("log.txt").decode().splitlines()) == sorted(f"line {n}" for n in range(20))

    def test_readers_see_whole_objects_while_it_is_written(self, store: Store) -> None:
        store.write("a", b"0" * 50_000)
        with ThreadPoolExecutor(2) as pool:
            writing = pool.submit(lambda: [store.write("a", b"%d" % (n % 10) * 50_000) for n in range(15)])
            while not writing.done():
                data = store.read("a")
                assert len(data) == 50_000 and len(set(data)) == 1
            writing.result()

    def test_an_open_file_stays_what_it_was(self, store: Store) -> None:
        store.write("a", b"old")
        with store.open("a") as file:
            store.write("a", b"new")
            assert file.read() == b"old"
        with store.open("a") as file:
            assert file.read() == b"new"

    def test_put_and_as_file(self, store: Store, tmp_path: Path) -> None:
        file, told = tmp_path / "file", list[int]()
        file.write_bytes(bytes(range(256)) * 100)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        assert store.put("f/a", file, told.append) == sha256 == store.sha256("f/a") == store.content_sha256("f/a")
        assert sum(told) == 25_600 and file.exists()
        with store.as_file("f/a") as copy:
            assert copy.read_bytes() == file.read_bytes()
        assert store.names("f") == ["a"] and store.read("f/a") == file.read_bytes()

    def test_two_stores_on_one_root_see_the_same(self, store: Store, store_url: str) -> None:
        other = Store(store_url)
        assert not other.exists("a")
        store.write("a", b"1")
        assert other.read("a") == b"1" and other.names("") == ["a"]


@pytest.mark.parametrize(("url", "local", "shared"), [("file:///tmp/x", True, True), ("memory://x", False, False)])
def test_kind_of_root(url: str, local: bool, shared: bool) -> None:
    assert (Store(url).is_local, Store(url).is_shared) == (local, shared)


def test_relative_root_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("here")
    monkeypatch.chdir("/")
    store.write("a", b"1")
    assert (tmp_path / "here" / "a").read_bytes() == b"1"
    assert Store(store.url).read("a") == b"1", (
        "the URL that is handed to a training process must not depend on its folder"
    )


@pytest.mark.parametrize("url", ["foo://bar/x", "no\0where"])
def test_impossible_root(url: str) -> None:
    with pytest.raises(InputError, match=r"Cannot (open|write) .*Give the path of a file or folder, or a URL"):
        Store(url).write("project.json", b"")


@pytest.mark.parametrize("name", ["a", "A-1_x.y", "9", "x" * 100, "a..b"])
def test_allowed_names(name: str) -> None:
    assert check_name(name, "an image") == name


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/b", "a\\b", ".hidden", "-x", "a b", "a\0", "a\n", "µ", "x" * 101, "x" * 300, None, 7]
)
def test_refused_names(name: str) -> None:
    with pytest.raises(InputError, match="cannot name an image: use 1 to 100 letters"):
        check_name(name, "an image")


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("sciatic.tif", "sciatic"),
        ("a.ome.tiff", "a"),
        ("/up/../rat 6 (left).PNG", "rat-6-left"),
        ("C:\\data\\slide.jpg", "slide"),
        ("sample_1.5um.png", "sample_1.5um"),
        ("...", "image"),
        ("ä.png", "a"),
        ("x" * 300 + ".png", "x" * 100),
    ],
)
def test_name_from_file(filename: str, name: str) -> None:
    assert name_from_file(filename) == name == check_name(name, "an image")


@pytest.mark.parametrize("location", ["missing.tif", "folder", "a\0b.tif", "x" * 300 + ".tif", "foo://bar/a.tif"])
def test_unreadable_source_is_one_sentence(tmp_path: Path, location: str) -> None:
    (tmp_path / "folder").mkdir()
    given = location if "://" in location else str(tmp_path / location)
    with pytest.raises((NotFoundError, StorageError, InputError), match="Cannot read"):
        read_source(given)


# -- what the operating system can do to us ---------------------------------------------------------------------

WRITER = """
import sys
from axons_kernel.storage import Store
store = Store(sys.argv[1])
for n in range(10**9):
    store.write("x", bytes([n % 251]) * 300_000)
"""


def test_kill_during_write_leaves_a_whole_object(tmp_path: Path) -> None:
    rng = random.Random(0)
    for number in range(4):
        store = Store(tmp_path / str(number))
        writer = subprocess.Popen([sys.executable, "-c", WRITER, store.url])
        limit = time.monotonic() + 30
        while not store.exists("x") and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.15))
        writer.kill()
        writer.wait()
        data = store.read("x")
        assert len(data) == 300_000 and len(set(data)) == 1
        assert store.names("") == ["x"]


def test_a_temporary_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}123").write_bytes(b"half")
    (tmp_path / "whole").write_bytes(b"")
    assert Store(tmp_path).names("") == ["whole"]


def test_failed_write_leaves_the_old_object_and_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.write("x", b"old")

    def broken(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StorageError, match=r"Cannot write .*/x: .*Input/output error"):
        store.write("x", b"new")
    assert os.listdir(tmp_path) == ["x"] and store.read("x") == b"old"


def written(store: Store, key: str) -> None:
    with store.writing(key) as path:
        path.write_bytes(b"y" * 400_000)


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    (tmp_path / "large").write_bytes(b"y" * 400_000)
    return tmp_path / "large"


FULL: dict[str, Callable[[Store, Path], object]] = {
    "write": lambda store, file: store.write("x", b"y" * 400_000),
    "append": lambda store, file: store.append_line("x", "y" * 400_000),
    "writing": lambda store, file: written(store, "x"),
    "put": lambda store, file: store.put("x", file),
    "update": lambda store, file: store.update("x", lambda known: b"y" * 400_000),
    "create": lambda store, file: store.create("new", b"y" * 400_000),
}


@pytest.mark.parametrize("how", FULL)
def test_full_disk(small_disk: Path, large_file: Path, how: str) -> None:
    store = Store(small_disk)
    store.write("x", b"old\n")
    with pytest.raises(StorageError, match=r"Cannot write .*(x|new): the disk is full\. Free some space") as caught:
        FULL[how](store, large_file)
    assert isinstance(caught.value, OSError)
    assert set(os.listdir(small_disk)) <= {"x", ".axons-lock"} and store.read("x") == b"old\n"
    store.append_line("x", "more")
    assert store.read("x") == b"old\nmore\n"


def test_disk_that_fills_while_a_project_is_copied(small_disk: Path, tmp_path: Path) -> None:
    source, target = Store(tmp_path / "project"), Store(small_disk / "copy")
    for key in ("images/a/image.tif", "images/b/image.tif", "images/c/image.tif", "project.json"):
        source.write(key, key[7].encode() * 100_000)
    with pytest.raises(StorageError, match="the disk is full"):
        copy_project(source, target, progress=False)
    assert not target.exists("project.json") and list(target.walk(temporaries=True)) == []
    assert all(source.read(key) == target.read(key) for key, _ in target.walk())


@pytest.mark.parametrize("how", ["update", "append_line", "create"])
def test_kill_during_a_change_leaves_a_whole_object(tmp_path: Path, how: str) -> None:
    store = Store(tmp_path)
    store.write("x", b"")
    writer = subprocess.Popen([sys.executable, "-c", CHANGER, store.url, how])
    limit = time.monotonic() + 30
    while len(store.read("x")) < 2_000 and not store.exists("9") and time.monotonic() < limit:
        time.sleep(0.01)
    writer.kill()
    writer.wait()
    for key in store.names(""):
        data = store.read(key)
        assert data.decode().split("\n") == [*(f"line {n}" for n in range(data.count(b"\n"))), ""], "a line is torn"
    store.update("x", lambda known: b"the lock of the killed process is free")


CHANGER = """
import sys
from axons_kernel.storage import Store
store, how = Store(sys.argv[1]), sys.argv[2]
for n in range(10**9):
    line = f"line {n}"
    if how == "update":
        store.update("x", lambda known: known + line.encode() + b"\\n")
    elif how == "append_line":
        store.append_line("x", line)
    else:
        store.create(str(n), b"".join(b"line %d\\n" % k for k in range(2000)))
"""


def test_object_in_the_place_of_a_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("a", b"")
    (tmp_path / "folder").mkdir()
    for action in (lambda: store.write("a/b", b""), lambda: store.read("folder"), lambda: store.write("folder", b"")):
        with pytest.raises((StorageError, NotFoundError), match=r"^Cannot (read|write) .*\.$"):
            action()
    assert not store.exists("a/b") and store.names("a") == []


AS_NOBODY = """
import os, sys
from axons_kernel.storage import Store
from axons_kernel.errors import StorageError
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
store = Store(sys.argv[1])
actions = [
    lambda: store.read("secret"), lambda: store.open("secret"), lambda: store.write("new", b""),
    lambda: store.append_line("log", "x"), lambda: store.create("new", b""),
    lambda: store.update("f/new", lambda _: b""),
    lambda: store.put("new", "/etc/hostname"), lambda: store.remove("secret"), lambda: store.names("private"),
    lambda: list(store.walk("private")), lambda: store.open_locked("log"),
]
for action in actions:
    try:
        action()
    except StorageError as error:
        print(error)
"""


def test_no_permission(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "secret").write_bytes(b"")
    (folder / "secret").chmod(0)
    (folder / "private").mkdir(mode=0)
    folder.chmod(0o555)
    for parent in folder.parents[:3]:  # pytest's own folders are private; the child is somebody else
        parent.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, folder], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    said = [line.split(":")[0].split()[1] for line in lines]
    assert said == ["read"] * 2 + ["write"] * 5 + ["remove", "list", "list", "hold"], done
    assert all("no permission. Choose a folder of your own" in line for line in lines)
