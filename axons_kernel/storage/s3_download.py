"""Reading one S3 object, only if it has changed; a connection that is cut goes on where it stopped."""

from __future__ import annotations

from typing import IO, Any

from . import s3_client
from .explain import server_code

_CHUNK = 4 << 20  # bytes; also how soon an interrupt is noticed
_TRIES = 4


def download(bucket: str, key: str, file: IO[bytes] | None, *, known: str | None = None) -> str | None:
    """Write the object to a new, empty `file` and return its ETag, or None when that is `known`.

    Without a file only the question is asked. Raises botocore's and aiohttp's errors, and FileNotFoundError.
    """
    etag, length, tries = "", -1, 0
    while True:
        request = {"IfNoneMatch": known} if known else {}
        if etag and file:
            request = {"IfMatch": etag, "Range": f"bytes={file.tell()}-"}
        try:
            answer = s3_client.call("get_object", Bucket=bucket, Key=key, **request)
        except Exception as error:
            code = server_code(error)
            if code in ("304", "NotModified"):
                return None
            if code in ("NoSuchKey", "404"):
                raise FileNotFoundError(f"{bucket}/{key}") from error
            if etag and file and code in ("412", "PreconditionFailed"):  # it changed while it was read: from the start
                etag = ""
                file.seek(0)
                file.truncate()
                continue
            raise
        if not etag:
            etag, length = str(answer["ETag"]), answer["ContentLength"]
        try:
            if file is None:
                return etag
            _copy(answer["Body"], file)
            if file.tell() == length:
                return etag
            raise ConnectionError(f"{file.tell()} of {length} bytes came")
        except Exception as error:
            tries += 1
            if tries == _TRIES or not _is_cut(error):
                raise
        finally:
            s3_client.close(answer["Body"])


def _copy(body: Any, file: IO[bytes]) -> None:
    while chunk := s3_client.read_chunk(body, _CHUNK):
        file.write(chunk)


def _is_cut(error: Exception) -> bool:
    """Whether the network failed, not the disk that is written to."""
    module = type(error).__module__.partition(".")[0]
    return module in ("aiohttp", "botocore", "aiobotocore", "urllib3") or isinstance(
        error, ConnectionError | TimeoutError
    )
