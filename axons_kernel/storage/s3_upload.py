"""Writing one S3 object from a local file; a large one in parts, so that a killed upload goes on where it stopped.

What is known of an unfinished upload is in a small file of its own: its id, and the hash of the file that it sends.
The server is asked which parts it has; a part counts only if its ETag is the hash of what would be sent.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from . import s3_client
from .backend import OnBytes, file_sha256
from .cache import cache_folder, inner_folder
from .explain import server_code

SMALL = 16 << 20  # bytes; up to here one request is enough
_PART = 8 << 20  # bytes; S3 wants at least 5 MiB, and at most 10,000 parts
_MAX_PARTS = 10_000
_AT_ONCE = 4
_PATIENCE_S = 2.0


def upload_folder() -> Path:
    """Where files wait for their upload and the notes on unfinished uploads are."""
    return inner_folder(cache_folder(), "uploads")


def upload(file: Path, bucket: str, key: str, hash_name: str, on_bytes: OnBytes = int) -> tuple[str, str]:
    """Make the file the object, whole or not at all; returns (ETag, sha256). Its sha256 becomes metadata `hash_name`.

    `on_bytes` is told how many more bytes are there. Raises botocore's errors.
    """
    size = file.stat().st_size
    sha256 = file_sha256(file)
    target: dict[str, Any] = {"Bucket": bucket, "Key": key}
    if size <= SMALL:
        answer = s3_client.call("put_object", **target, Body=file.read_bytes(), Metadata={hash_name: sha256})
        on_bytes(size)
        return str(answer["ETag"]), sha256
    with _note_on(bucket, key) as note:
        upload_id = _unfinished(note, target, sha256) or _begin(note, target, sha256, hash_name)
        parts = _send(file, size, target, upload_id, on_bytes)
        answer = s3_client.call(
            "complete_multipart_upload", **target, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )
        if note:
            note.truncate(0)
    return str(answer["ETag"]), sha256


@contextlib.contextmanager
def _note_on(bucket: str, key: str) -> Iterator[IO[bytes] | None]:
    """The file of notes on uploads of one object, held; None while another process uploads the same object."""
    name = hashlib.sha256(f"{s3_client.endpoint()}/{bucket}/{key}".encode()).hexdigest()
    path = upload_folder() / f"{name}.json"
    with open(path, "ab+") as note:
        if not _hold(note):
            yield None
            return
        yield note
        if not os.fstat(note.fileno()).st_size:
            path.unlink(missing_ok=True)  # while it is held: nobody else has begun to use it


def _hold(note: IO[bytes]) -> bool:
    """Lock the file; one whose holder was killed may stay locked for a moment longer."""
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > give_up:
                return False
            time.sleep(0.02)


def _unfinished(note: IO[bytes] | None, target: dict[str, Any], sha256: str) -> str:
    """The id of an unfinished upload of the same content; another content's is given up."""
    if not note:
        return ""
    note.seek(0)
    try:
        known = json.loads(note.read() or b"{}")
    except ValueError:  # cut by a crash
        known = {}
    upload_id = str(known.get("upload_id", ""))
    if upload_id and known.get("sha256") != sha256:
        abort(target["Bucket"], target["Key"], upload_id)
        return ""
    return upload_id if upload_id and _parts_there(target, upload_id) is not None else ""


def _begin(note: IO[bytes] | None, target: dict[str, Any], sha256: str, hash_name: str) -> str:
    upload_id = str(s3_client.call("create_multipart_upload", **target, Metadata={hash_name: sha256})["UploadId"])
    if note:
        note.truncate(0)
        note.write(json.dumps({"upload_id": upload_id, "sha256": sha256, **target}).encode())
        note.flush()
    return upload_id


def _parts_there(target: dict[str, Any], upload_id: str) -> dict[int, str] | None:
    """Part number -> ETag of what the server has; None when it does not know the upload any more."""
    found: dict[int, str] = {}
    request: dict[str, Any] = {**target, "UploadId": upload_id}
    while True:
        try:
            page = s3_client.call("list_parts", **request)
        except Exception as error:
            if server_code(error) == "NoSuchUpload":
                return None
            raise
        found |= {part["PartNumber"]: part["ETag"] for part in page.get("Parts", ())}
        if not page.get("IsTruncated"):
            return found
        request["PartNumberMarker"] = page["NextPartNumberMarker"]


def _send(file: Path, size: int, target: dict[str, Any], upload_id: str, on_bytes: OnBytes) -> list[dict[str, Any]]:
    """Send the parts that are missing, some at once; returns all of them."""
    part_bytes = max(_PART, -(-size // _MAX_PARTS))
    there = _parts_there(target, upload_id) or {}

    def send(number: int) -> dict[str, Any]:
        on_bytes(0)  # who is told may stop it here
        with open(file, "rb") as opened:
            opened.seek((number - 1) * part_bytes)
            data = opened.read(part_bytes)
        etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        if there.get(number) != etag:
            etag = s3_client.call("upload_part", **target, UploadId=upload_id, PartNumber=number, Body=data)["ETag"]
        on_bytes(len(data))
        return {"PartNumber": number, "ETag": etag}

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        return list(pool.map(send, range(1, -(-size // part_bytes) + 1)))
    finally:
        pool.shutdown(cancel_futures=True)  # at an interrupt: what has not begun need not begin


def unfinished_uploads(bucket: str, prefix: str, older_than_s: float) -> list[tuple[str, str]]:
    """(key, upload id) of uploads below a prefix that began `older_than_s` seconds ago or earlier."""
    found: list[tuple[str, str]] = []
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
    while True:
        page = s3_client.call("list_multipart_uploads", **request)
        for item in page.get("Uploads", ()):
            if time.time() - item["Initiated"].timestamp() >= older_than_s:
                found.append((item["Key"], item["UploadId"]))
        if not page.get("IsTruncated"):
            return found
        request |= {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}


def abort(bucket: str, key: str, upload_id: str) -> None:
    """Give up an upload and free its parts; nothing happens when it is gone."""
    try:
        s3_client.call("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload_id)
    except Exception as error:
        if server_code(error) != "NoSuchUpload":
            raise
