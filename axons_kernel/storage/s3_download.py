"""Reading one S3 object, only if it has changed; a connection that is cut goes on where it stopped."""

from __future__ import annotations

from typing import IO, Any

from . import s3_client
from .backend import OnBytes
from .explain import server_code

_CHUNK = 4 << 20  # bytes; also how soon an interrupt is noticed
_TRIES = 4


def download(
    bucket: str, key: str, file: IO[bytes] | None, *, known: str | None = None, etag: str = "", on_bytes: OnBytes = int
) -> str | None:
    """Write the object to a new, empty `file` and return its ETag, or None when that is `known`.

    With an `etag` the file holds the beginning of that version already. Without a file only the question is asked.
    Raises botocore's and aiohttp's errors, and FileNotFoundError.
    """
    tries = 0
    while True:
        start = file.tell() if file and etag else 0
        request = {"IfNoneMatch": known} if known else {}
        if start:
            request = {"IfMatch": etag, "Range": f"bytes={start}-"}
        try:
            answer = s3_client.call("get_object", body_bytes=_CHUNK if file else 0, Bucket=bucket, Key=key, **request)
        except s3_client.CutError:
            tries += 1
            if tries == _TRIES:
                raise
            continue
        except Exception as error:
            code = server_code(error)
            if code in ("304", "NotModified"):
                return None
            if code in ("NoSuchKey", "404"):
                raise FileNotFoundError(f"{bucket}/{key}") from error
            if start and file and code in ("412", "PreconditionFailed"):  # it has changed: from the start
                etag = ""
                file.seek(0)
                file.truncate()
                on_bytes(-start)
                continue
            raise
        etag = str(answer["ETag"])
        if file is None:
            s3_client.close(answer["Body"])
            return etag
        try:
            _copy(answer, file, start, on_bytes)
            return etag
        except Exception as error:
            tries += 1
            if tries == _TRIES or not _is_cut(error):
                raise


def _copy(answer: dict[str, Any], file: IO[bytes], start: int, on_bytes: OnBytes) -> None:
    length, body = start + answer["ContentLength"], answer["Body"]
    if isinstance(body, bytes):
        file.write(body)
        on_bytes(len(body))
        return
    try:
        while file.tell() < length and (chunk := s3_client.read_chunk(body, _CHUNK)):
            file.write(chunk)
            on_bytes(len(chunk))
    finally:
        s3_client.close(body)
    if file.tell() != length:
        raise ConnectionError(f"{file.tell()} of {length} bytes came")


def _is_cut(error: Exception) -> bool:
    """Whether the network failed, not the disk that is written to."""
    module = type(error).__module__.partition(".")[0]
    return module in ("aiohttp", "botocore", "aiobotocore", "urllib3") or isinstance(
        error, ConnectionError | TimeoutError
    )
