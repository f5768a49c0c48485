"""S3: what servers refuse, what networks do, uploads that are killed, and servers that lack something."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from axons_kernel.errors import AxonsKernelError, InputError, NotFoundError, StorageError
from axons_kernel.project import open_project
from axons_kernel.storage import Store, read_source, s3_client
from axons_kernel.storage.s3_upload import upload_folder

from ..networks import Network

SECRET = "correct-horse-battery"


def said(error: BaseException) -> str:
    """Everything that a person may get to see of an error."""
    return "".join([*traceback.format_exception(error), str(error), repr(error)])


# -- what servers refuse ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("InvalidAccessKeyId", 403, "does not know this access key. Check AWS_ACCESS_KEY_ID, and AWS_ENDPOINT_URL."),
        ("SignatureDoesNotMatch", 403, "does not belong to the access key. Check AWS_SECRET_ACCESS_KEY."),
        ("ExpiredToken", 400, "credentials have expired. Get new ones and set AWS_SESSION_TOKEN with its keys."),
        ("InvalidToken", 400, "session token is not valid. Check AWS_SESSION_TOKEN, or unset it."),
        ("AccessDenied", 403, "may not do that. Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE)"),
        ("RequestTimeTooSkewed", 403, "clock is wrong, and the server refuses it. Set the clock."),
        ("NoSuchBucket", 404, "there is no such bucket. Check its name, or have it made first."),
        ("QuotaExceeded", 403, "the quota is used up."),
        ("SomethingNew", 403, "the server answers SomethingNew. Run it again later."),
    ],
)
def test_refusal_names_the_setting_and_no_secret(
    s3_url: str,
    refusing_server: Callable[[str, int], str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    code: str,
    status: int,
    message: str,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", refusing_server(code, status))
    caplog.set_level(logging.DEBUG)
    store = Store(s3_url)
    actions: list[Callable[[], Any]] = [
        lambda: store.read("a"),
        lambda: store.write("a", b"x"),
        lambda: store.create("a", b"x"),
        lambda: store.names(""),
        lambda: store.append_line("a.txt", "x"),
    ]
    if code != "NoSuchBucket":  # HEAD says 404 only
        actions += [lambda: store.stat("a"), lambda: open_project(s3_url)]
    for action in actions:
        with pytest.raises(StorageError) as caught:
            action()
        assert message in str(caught.value) and str(caught.value).startswith("Cannot ")
        assert SECRET not in said(caught.value) and "AWS4-HMAC" not in said(caught.value)
    assert SECRET not in caplog.text


def test_a_real_server_that_does_not_know_us(
    s3_url: str, another_s3_server: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", another_s3_server(INITIAL_NO_AUTH_ACTION_COUNT="1"))
    with pytest.raises(StorageError, match=r"does not know this access key. Check AWS_ACCESS_KEY_ID") as caught:
        open_project(s3_url)
    assert SECRET not in said(caught.value)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "there are no credentials. Set AWS_ACCESS_KEY_ID and"),
        (["AWS_SECRET_ACCESS_KEY"], "the credentials are not complete. Set AWS_ACCESS_KEY_ID and"),
    ],
)
def test_missing_credentials(s3_url: str, monkeypatch: pytest.MonkeyPatch, missing: list[str], message: str) -> None:
    for name in missing:
        monkeypatch.delenv(name)
    with pytest.raises(StorageError, match=message):
        Store(s3_url).read("a")


def test_a_corrected_setting_counts_at_once(s3_url: str, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(s3_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match=r"the server cannot be reached. Check the network, and AWS_ENDPOINT_URL"):
        store.write("a", b"1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    store.write("a", b"1")
    assert store.read("a") == b"1"


@pytest.mark.parametrize("url", ["s3://student:hush-hush@course/x", "s3://student@course/x"])
def test_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead") as caught:
        open_project(url)
    assert "hush" not in said(caught.value)


def test_signed_address_is_shown_without_its_signature() -> None:
    with pytest.raises(AxonsKernelError, match=r"Cannot read http://127.0.0.1:9/a.tif") as caught:
        read_source("http://ana:hush-hush@127.0.0.1:9/a.tif?X-Amz-Signature=hush-hush")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "az://container/x", "http://host/x"])
def test_no_place_for_a_project(url: str) -> None:
    with pytest.raises(
        (InputError, AxonsKernelError), match=r"no place for a project|Cannot open|not allowed"
    ) as caught:
        Store(url).write("a", b"")
    assert "\n" not in str(caught.value)


def test_bad_timeout_setting(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXONS_S3_TIMEOUT_S", "soon")
    with pytest.raises(InputError, match=r"AXONS_S3_TIMEOUT_S='soon' is not allowed: give seconds, from 0.1 to 3600"):
        Store(s3_url).read("a")


def test_long_lists_come_in_pages(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, call = Store(s3_url), s3_client.call
    for number in range(12):
        store.write(f"f/{number:02}/a", b"")

    def small_pages(method: str, **request: Any) -> dict[str, Any]:
        return call(method, **({"MaxKeys": 5} | request if method == "list_objects_v2" else request))

    monkeypatch.setattr(s3_client, "call", small_pages)
    assert store.names("f") == [f"{number:02}" for number in range(12)]
    assert len(list(store.walk())) == 12


def test_server_that_ignores_conditions_is_not_trusted(
    s3_url: str, another_s3_server: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", another_s3_server("--ignores-conditions"))
    with pytest.raises(StorageError, match=r"its server ignores conditional writes.*Use a server that knows them"):
        Store(s3_url).create("a", b"1")


def test_lost_answer_to_a_create_is_no_defeat(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has written it, the answer got lost, and the repetition meets our own object."""
    store, call = Store(s3_url), s3_client.call
    store.create("first", b"")  # the probe of the bucket is done

    def twice(method: str, **request: Any) -> dict[str, Any]:
        if method == "put_object":
            call(method, **request)
        return call(method, **request)

    monkeypatch.setattr(s3_client, "call", twice)
    assert store.create("a", b"mine")
    assert not store.create("a", b"another's")
    assert store.read("a") == b"mine"


# -- what networks do ------------------------------------------------------------------------------------------------


def test_download_goes_on_where_it_was_cut(s3_url: str, network: Network) -> None:
    data = random.Random(1).randbytes(12 << 20)
    store = Store(s3_url)
    store.put("a", written(upload_folder() / "file", data))
    network.down, network.cuts, network.after = 0, 2, 5 << 20
    assert store.read("a") == data
    assert network.cuts == 0 and network.down < 1.4 * len(data)


def test_network_that_stays_cut(s3_url: str, network: Network) -> None:
    store = Store(s3_url)
    store.put("a", written(upload_folder() / "file", bytes(3 << 20)))
    network.cuts, network.after = 1000, 1 << 20
    started = time.monotonic()
    with pytest.raises(StorageError, match=r"Cannot read s3://course/.*/a: the connection was cut\. Check the network"):
        store.read("a")
    assert time.monotonic() - started < 30
    network.cuts = 0
    assert store.cache_info().objects == 0
    assert store.read("a") == bytes(3 << 20)


def test_server_that_does_not_answer(s3_url: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXONS_S3_TIMEOUT_S", "0.3")
    network.silent = True
    started = time.monotonic()
    with pytest.raises(StorageError, match=r"the server does not answer any more\. Check the network"):
        Store(s3_url).read("a")
    assert time.monotonic() - started < 20


def test_upload_that_is_cut_goes_on(s3_url: str, network: Network, tmp_path: Path) -> None:
    data = random.Random(2).randbytes(32 << 20)
    store, file = Store(s3_url), written(tmp_path / "file", data)
    network.up_limit = 20 << 20
    with pytest.raises(StorageError, match=r"Cannot write s3://course/.*/a: "):
        store.put("a", file)
    network.up_limit = None
    assert not store.exists("a") and len(store.unfinished_uploads(0)) == 1
    network.up = 0
    store.put("a", file)
    assert network.up < 0.9 * len(data), "nothing of the first try was used"
    assert store.unfinished_uploads(0) == [] and store.content_sha256("a") == store.sha256("a")
    assert list(upload_folder().iterdir()) == []


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


UPLOADER = """
import sys
from pathlib import Path
from axons_kernel.storage import Store
Store(sys.argv[1]).put("a", Path(sys.argv[2]))
"""


def parts_there(store: Store) -> int:
    """How many parts of the one unfinished upload the server has."""
    uploads = store.unfinished_uploads(0)
    if not uploads:
        return 0
    bucket, _, key = store.path(uploads[0][0]).removeprefix("s3://").partition("/")
    return len(s3_client.call("list_parts", Bucket=bucket, Key=key, UploadId=uploads[0][1]).get("Parts", ()))


def start_upload(url: str, file: Path, network: Network, enough: int) -> None:
    """A process that uploads slowly is killed when the server has `enough` parts."""
    network.pause_s = 0.02
    store = Store(url)
    with subprocess.Popen([sys.executable, "-c", UPLOADER, url, str(file)], env=dict(os.environ)) as uploader:
        limit = time.monotonic() + 60
        while parts_there(store) < enough and time.monotonic() < limit:
            assert uploader.poll() is None, "it was done before it could be killed"
            time.sleep(0.02)
        uploader.kill()
    network.pause_s = 0.0
    network.settle()  # what the killed process had sent is still on its way


def test_killed_upload_goes_on(s3_url: str, network: Network, tmp_path: Path) -> None:
    data = random.Random(3).randbytes(48 << 20)
    store, file = Store(s3_url), written(tmp_path / "file", data)
    start_upload(s3_url, file, network, 2)
    assert not store.exists("a")
    network.up = 0
    store.put("a", file)
    assert network.up < len(data) - (12 << 20)
    assert store.unfinished_uploads(0) == [] and store.read("a") == data


def test_killed_upload_of_other_content_is_given_up(s3_url: str, network: Network, tmp_path: Path) -> None:
    store, file = Store(s3_url), written(tmp_path / "file", random.Random(4).randbytes(48 << 20))
    start_upload(s3_url, file, network, 1)
    data = random.Random(5).randbytes(17 << 20)
    store.put("a", written(file, data))
    assert store.unfinished_uploads(0) == [] and store.read("a") == data


def test_missing_object_and_folder_of_that_name(s3_url: str) -> None:
    store = Store(s3_url)
    store.write("f/a", b"")
    for key in ("f", "g"):
        with pytest.raises(NotFoundError, match=f"Cannot read s3://course/.*/{key}: there is no such file"):
            store.read(key)


def test_a_forked_child_has_a_connection_of_its_own(s3_url: str) -> None:
    store = Store(s3_url)
    store.write("a", b"1")
    child = os.fork()
    if not child:
        os._exit(0 if store.read("a") == b"1" else 1)
    assert os.waitpid(child, 0)[1] == 0
