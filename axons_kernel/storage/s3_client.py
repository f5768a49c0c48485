"""The connection to an S3 server, made from the usual settings: AWS_* variables, ~/.aws, fsspec's configuration.

When a setting changes, the next request uses it: a student who corrects a credential need not restart the kernel.
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path
from typing import Any

import fsspec
from fsspec.asyn import sync

from ..errors import InputError

TIMEOUT_SETTING, TIMEOUT_S = "AXONS_S3_TIMEOUT_S", 20.0
_ATTEMPTS = 3


def timeout_s() -> float:
    """How long a server may be silent, in seconds. Raises InputError when the setting is no such number."""
    given = os.environ.get(TIMEOUT_SETTING, "")
    try:
        value = float(given or TIMEOUT_S)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 3600:
        raise InputError(f"{TIMEOUT_SETTING}={given!r} is not allowed: give seconds, from 0.1 to 3600.")
    return value


class CutError(ConnectionError):
    """The connection was cut within an answer."""


def call(method: str, *, body_bytes: int = 0, **request: Any) -> dict[str, Any]:
    """One request, as boto3 names it (`put_object`, ...). A body of up to `body_bytes` comes as bytes at once.

    Raises botocore's errors, after trying again what may be retried, and CutError for a body that ends too early.
    """
    filesystem = _connection()

    async def send() -> dict[str, Any]:
        await filesystem.set_session()
        client = await filesystem.get_s3(request.get("Bucket"))
        answer: dict[str, Any] = await getattr(client, method)(**request)
        if answer.get("ContentLength", body_bytes) < body_bytes:
            try:
                answer["Body"] = await answer["Body"].read()
            except Exception as error:
                raise CutError(f"{method}: {type(error).__name__}") from error
        return answer

    return dict(sync(filesystem.loop, send))


def read_chunk(body: Any, size: int) -> bytes:
    """Up to `size` bytes of an answer's body; fewer only at its end."""

    async def collect() -> bytes:
        chunks, missing = [], size
        while missing and (chunk := await body.read(missing)):
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)

    return bytes(sync(_connection().loop, collect))


def close(body: Any) -> None:
    """Give up an answer's body; one that was read to its end leaves its connection for the next request."""
    sync(_connection().loop, body.aclose)


def endpoint() -> str:
    """The address of the server, to tell its objects from those of the same name elsewhere."""
    filesystem = _connection()
    if filesystem._s3 is None:  # not connected yet
        sync(filesystem.loop, filesystem.set_session)
    return str(filesystem._s3.meta.endpoint_url)


def _connection() -> Any:
    return _connect(_settings(), timeout_s(), os.getpid())


def _settings() -> str:
    """A hash over everything that decides who we are and where we connect to."""
    variables = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    files = [Path.home() / ".aws" / name for name in ("config", "credentials")]
    times = [path.stat().st_mtime_ns if path.is_file() else 0 for path in files]
    configured = sorted((key, str(value)) for key, value in fsspec.config.conf.get("s3", {}).items())
    return hashlib.sha256(repr((variables, times, configured)).encode()).hexdigest()


@functools.lru_cache(maxsize=4)
def _connect(settings: str, timeout: float, process: int) -> Any:
    """One connection per settings and process: a forked child must not use its parent's."""
    return fsspec.filesystem(
        "s3",
        skip_instance_cache=True,
        use_listings_cache=False,  # it would not see what others write
        config_kwargs={
            "connect_timeout": timeout,
            "read_timeout": timeout,
            "retries": {"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        },
    )
