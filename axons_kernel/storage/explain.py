"""Errors of the operating system and of servers, as one sentence that says what to do.

Nothing that a server says is repeated word for word where it could hold a part of a credential.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from typing import Any

from ..errors import AxonsKernelError, InputError, MissingExtraError, NotFoundError, StorageError

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE)"
_ACCESS = f"these credentials may not do that. Check {_KEYS}, or ask the bucket's owner for access"

# what S3 servers answer, and which setting to look at
_ANSWERS = {
    "InvalidAccessKeyId": "the server does not know this access key. Check AWS_ACCESS_KEY_ID, and AWS_ENDPOINT_URL",
    "InvalidClientTokenId": "the server does not know this access key. Check AWS_ACCESS_KEY_ID, and AWS_ENDPOINT_URL",
    "SignatureDoesNotMatch": "the secret does not belong to the access key. Check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the credentials have expired. Get new ones and set AWS_SESSION_TOKEN with its keys",
    "ExpiredTokenException": "the credentials have expired. Get new ones and set AWS_SESSION_TOKEN with its keys",
    "TokenRefreshRequired": "the credentials have expired. Get new ones and set AWS_SESSION_TOKEN with its keys",
    "InvalidToken": "the session token is not valid. Check AWS_SESSION_TOKEN, or unset it",
    "AuthorizationHeaderMalformed": "the server expects another region. Set AWS_DEFAULT_REGION to the bucket's",
    "PermanentRedirect": "the bucket is at another address. Set AWS_DEFAULT_REGION or AWS_ENDPOINT_URL to it",
    "RequestTimeTooSkewed": "this machine's clock is wrong, and the server refuses it. Set the clock",
    "AccessDenied": _ACCESS,
    "AllAccessDisabled": _ACCESS,
    "Forbidden": _ACCESS,
    "403": _ACCESS,
    "NoSuchBucket": "there is no such bucket. Check its name, or have it made first",
    "NotImplemented": "the server does not know this request. Use a server with conditional writes, as README.md says",
    "QuotaExceeded": "the quota is used up. Free some space, or ask the administrator for more",
    "SlowDown": "the server is too busy. Run it again in a while",
    "ServiceUnavailable": "the server is not available. Run it again in a while",
}
_MISSING = {"NoSuchKey", "404", "NotFound"}

# botocore's exceptions by name: it need not be installed
_CONNECTION = {
    "NoCredentialsError": f"there are no credentials. Set {_KEYS}",
    "PartialCredentialsError": f"the credentials are not complete. Set {_KEYS}",
    "ProfileNotFound": "there is no such profile in ~/.aws. Check AWS_PROFILE",
    "EndpointConnectionError": "the server cannot be reached. Check the network, and AWS_ENDPOINT_URL",
    "ConnectTimeoutError": "the server does not answer. Check the network, and AWS_ENDPOINT_URL",
    "ReadTimeoutError": "the server does not answer any more. Check the network, then run it again",
    "ProxyConnectionError": "the proxy cannot be reached. Check HTTPS_PROXY",
    "SSLError": "the server's certificate is not trusted. Check AWS_ENDPOINT_URL and AWS_CA_BUNDLE",
    "InvalidRegionError": "the region has no valid name. Check AWS_DEFAULT_REGION",
}
_CUT = "the connection was cut. Check the network, then run it again"


@contextlib.contextmanager
def explained(action: str) -> Iterator[None]:
    """Turn the errors of the operating system and of servers into one sentence that says what to do."""
    try:
        yield
    except AxonsKernelError:  # a sentence already; it may be a ValueError or an OSError, too
        raise
    except Exception as error:
        told = _sentence(action, error)
        if told is None:
            raise
        raise told from _without_secrets(error)


def server_code(error: BaseException) -> str:
    """What an S3 server answered, such as 'NoSuchKey'; empty when the error is no server's answer."""
    response: Any = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    found = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(found.get("Code", "")) if isinstance(found, dict) else ""


def _sentence(action: str, error: Exception) -> AxonsKernelError | None:
    """The error to raise instead, or None for one that is nobody's but ours."""
    code = server_code(error)
    if code in _MISSING:
        return NotFoundError(f"Cannot {action}: there is no such file or folder.")
    if code:
        return StorageError(f"Cannot {action}: {_ANSWERS.get(code, f'the server answers {code}. Run it again later')}.")
    kind = next((c for c in type(error).__mro__ if c.__name__ in _CONNECTION), None)
    if kind is not None and kind.__module__.startswith("botocore"):
        return StorageError(f"Cannot {action}: {_CONNECTION[kind.__name__]}.")
    module = type(error).__module__.partition(".")[0]
    if module in ("aiohttp", "aiobotocore", "botocore", "urllib3"):
        if "ParamValidation" in type(error).__name__ or isinstance(error, ValueError):
            return InputError(f"Cannot {action}: the address is not allowed. Give s3://<bucket>/<folder>.")
        return StorageError(f"Cannot {action}: {_CUT}.")
    return _of_this_machine(action, error)


def _of_this_machine(action: str, error: Exception) -> AxonsKernelError | None:
    if type(error).__module__ in ("zipfile", "tarfile"):
        return StorageError(f"Cannot {action}: it is no archive that can be opened. Give the file itself.")
    match error:
        case FileNotFoundError() if "Connect" in type(error.__cause__).__name__:  # fsspec's word for it
            return StorageError(f"Cannot {action}: the server cannot be reached. Check the address and the network.")
        case FileNotFoundError():
            return NotFoundError(f"Cannot {action}: there is no such file or folder.")
        case IsADirectoryError():
            return StorageError(f"Cannot {action}: it is a folder, and a file is needed.")
        case PermissionError():
            return StorageError(
                f"Cannot {action}: no permission. Choose a folder of your own, or ask its owner for access."
            )
        case TimeoutError() | ConnectionError():
            return StorageError(f"Cannot {action}: {_CUT}.")
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return StorageError(f"Cannot {action}: the disk is full. Free some space, then run it again.")
        case OSError(errno=errno.EROFS):
            return StorageError(f"Cannot {action}: the disk is read-only. Choose another folder.")
        case OSError():
            return StorageError(f"Cannot {action}: {error}.")
        case ImportError():  # fsspec says what to install
            return MissingExtraError(f"Cannot {action}: {error}.")
        case ValueError() if "null byte" in str(error):
            return InputError(
                f"Cannot {action}: a name cannot hold the character NUL. Give the path of a file or folder, or a URL."
            )
        case ValueError():  # an unknown kind of URL
            return InputError(f"Cannot {action}: {error}. Give the path of a file or folder, or a URL.")
    return None


def _without_secrets(error: Exception) -> Exception | None:
    """The cause for the traceback; none for a server's answer, which may repeat what was signed."""
    return None if server_code(error) else error
