"""Objects on an S3 server. A version is the server's ETag; exclusive writes are conditional requests."""

from __future__ import annotations

import hashlib
import io
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar

from ..errors import StorageError
from . import s3_client
from .backend import Backend, OnBytes, Stat, file_sha256
from .cache import ReadCache, cache_folder, inner_folder, shared_cache
from .explain import server_code
from .names import TEMPORARY_PREFIX
from .s3_download import download
from .s3_upload import SMALL, abort, unfinished_uploads, upload, upload_folder

_WRITER, SHA256 = "axons-write", "axons-sha256"  # metadata: who wrote it, and the hash of what was written
_GROWING = (".jsonl", ".txt")  # they change at every look, so a copy on this machine would serve nobody
_TRIES = 8


class S3Backend(Backend):
    """Paths are `<bucket>/<key>`; reads go through a cache on this machine."""

    _conditional: ClassVar[set[str]] = set()  # buckets that were seen to obey conditional writes

    def __init__(self, cache: ReadCache | None = None):
        self.cache = cache or shared_cache()

    def stat(self, path: str) -> Stat:
        """One HEAD request."""
        bucket, key = _split(path)
        try:
            head = s3_client.call("head_object", Bucket=bucket, Key=key)
        except Exception as error:
            if server_code(error) in ("400", "403"):  # HEAD has no body that would say why; GET has
                s3_client.call("get_object", Bucket=bucket, Key=key, Range="bytes=0-0")
            raise _missing_or(error, path) from error
        modified, sha256 = head["LastModified"].timestamp(), head.get("Metadata", {}).get(SHA256)
        return Stat(path, head["ContentLength"], modified, head["ETag"], sha256)

    def exists(self, path: str) -> bool:
        """An object of this name, or one below it."""
        bucket, key = _split(path)
        try:
            if key:
                self.stat(path)
                return True
        except FileNotFoundError:
            pass
        found = s3_client.call("list_objects_v2", Bucket=bucket, Prefix=key and key + "/", MaxKeys=1)
        return bool(found.get("KeyCount") or found.get("Contents"))

    def names(self, path: str) -> list[str]:
        """Objects and folders."""
        prefix = _prefix(path)
        found = []
        for page in _pages(path, Delimiter="/"):
            found += [item["Key"] for item in page.get("Contents", ())]
            found += [item["Prefix"] for item in page.get("CommonPrefixes", ())]
        return [name for key in found if (name := key.removeprefix(prefix).rstrip("/"))]

    def walk(self, path: str) -> Iterator[Stat]:
        """In the order of their keys."""
        bucket, _ = _split(path)
        for page in _pages(path):
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):  # consoles make such objects to show empty folders
                    yield Stat(f"{bucket}/{item['Key']}", item["Size"], item["LastModified"].timestamp(), item["ETag"])

    def read_versioned(self, path: str) -> tuple[bytes, str]:
        """One GET request; what the cache holds is not sent again."""
        if path.endswith(_GROWING):
            buffer = io.BytesIO()
            etag = str(download(*_split(path), buffer))
            return buffer.getvalue(), etag
        file, etag = self._cached(path)
        with file:
            return file.read(), etag

    def write(self, path: str, data: bytes) -> None:
        """The server replaces a whole object at once."""
        if len(data) <= SMALL:
            self._put(path, data)
            return
        temporary = self.temporary_folder(path) / uuid.uuid4().hex
        try:
            temporary.write_bytes(data)
            self.publish(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def replace(self, path: str, data: bytes, version: str | None) -> str | None:
        """A put that the server refuses when the object is not the one that is expected."""
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        etag = self._put_if(path, data, condition)
        bucket = f"{s3_client.endpoint()} {_split(path)[0]}"
        if etag is not None and version is None and bucket not in self._conditional:
            # once per bucket: the same again must be refused, or the server ignores the condition
            if self._put_if(path, data, condition) is not None:
                raise StorageError(
                    f"Cannot write {path}: its server ignores conditional writes (If-None-Match), so that two writers "
                    "could overwrite each other. Use a server that knows them, as README.md says."
                )
            self._conditional.add(bucket)
        return etag

    def _put_if(self, path: str, data: bytes, condition: dict[str, str]) -> str | None:
        """The new ETag, or None when the condition did not hold."""
        writer = uuid.uuid4().hex
        for attempt in range(_TRIES):
            try:
                return self._put(path, data, writer, **condition)
            except Exception as error:
                code = server_code(error)
                if code == "ConditionalRequestConflict":  # another write is on its way: look again
                    time.sleep(0.05 * 2**attempt)
                    continue
                if code not in ("PreconditionFailed", "412", "NoSuchKey", "404"):
                    raise
                return self._etag_if_ours(path, writer)
        return None

    def _etag_if_ours(self, path: str, writer: str) -> str | None:
        """The answer to a put can get lost; its repetition then meets the object that it has made itself."""
        bucket, key = _split(path)
        try:
            head = s3_client.call("head_object", Bucket=bucket, Key=key)
        except Exception as error:
            if isinstance(_missing_or(error, path), FileNotFoundError):
                return None
            raise
        return str(head["ETag"]) if head.get("Metadata", {}).get(_WRITER) == writer else None

    def _put(self, path: str, data: bytes, writer: str = "", **condition: Any) -> str:
        bucket, key = _split(path)
        metadata = {SHA256: hashlib.sha256(data).hexdigest(), **({_WRITER: writer} if writer else {})}
        answer = s3_client.call("put_object", Bucket=bucket, Key=key, Body=data, Metadata=metadata, **condition)
        return str(answer["ETag"])

    def open(self, path: str) -> IO[bytes]:
        """The file in the cache, fetched when it is not there or has changed."""
        return self._cached(path)[0]

    def _cached(self, path: str) -> tuple[IO[bytes], str]:
        bucket, key = _split(path)
        return self.cache.open(
            f"{s3_client.endpoint()}/{path}", lambda file, known: download(bucket, key, file, known=known)
        )

    def temporary_folder(self, path: str) -> Path:
        """Beside the notes on unfinished uploads."""
        return upload_folder()

    def publish(self, temporary: Path, path: str) -> None:
        """Large files in parts, going on where a killed upload stopped; then the cache takes the file over."""
        bucket, key = _split(path)
        etag, _ = upload(temporary, bucket, key, SHA256)
        self.cache.adopt(f"{s3_client.endpoint()}/{path}", temporary, etag)

    def put(self, file: Path, path: str, on_bytes: OnBytes) -> str:
        """In parts when it is large, going on where a killed upload stopped."""
        return upload(file, *_split(path), SHA256, on_bytes)[1]

    def fetch(self, path: str, on_bytes: OnBytes) -> tuple[Path, bool]:
        """Past the cache. The partial file is named by what it will hold."""
        stat = self.stat(path)
        name = hashlib.sha256(f"{s3_client.endpoint()}/{path} {stat.etag}".encode()).hexdigest()
        partial = inner_folder(cache_folder(), "copies") / f"{TEMPORARY_PREFIX}{name}"
        with open(partial, "ab") as file:
            on_bytes(file.tell())
            if file.tell() < stat.bytes:
                download(*_split(path), file, etag=stat.etag or "", on_bytes=on_bytes)
            file.flush()
        if stat.sha256 not in (None, file_sha256(partial)):
            partial.unlink()
            raise StorageError(
                f"{path} is damaged: its content is not what its writer noted. Run it again, or make the object again."
            )
        return partial, True

    def unfinished(self, path: str, older_than_s: float) -> list[tuple[str, str]]:
        """Uploads in parts; the server keeps their parts until they are given up."""
        bucket, _ = _split(path)
        return [(f"{bucket}/{key}", i) for key, i in unfinished_uploads(bucket, _prefix(path), older_than_s)]

    def abort(self, path: str, upload_id: str) -> None:
        """Nothing happens when it is gone."""
        abort(*_split(path), upload_id)

    def remove(self, path: str) -> None:
        """One DELETE request."""
        bucket, key = _split(path)
        s3_client.call("delete_object", Bucket=bucket, Key=key)


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    return bucket, key


def _prefix(path: str) -> str:
    key = _split(path)[1]
    return f"{key}/" if key else ""


def _pages(path: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Pages of at most 1000 objects below a folder."""
    request |= {"Bucket": _split(path)[0], "Prefix": _prefix(path)}
    while True:
        page = s3_client.call("list_objects_v2", **request)
        yield page
        if not page.get("IsTruncated"):
            return
        request["ContinuationToken"] = page["NextContinuationToken"]


def _missing_or(error: Exception, path: str) -> Exception:
    """HEAD has no body that would name the error: 404 is all it says."""
    return FileNotFoundError(path) if server_code(error) in ("404", "NoSuchKey", "NotFound") else error
