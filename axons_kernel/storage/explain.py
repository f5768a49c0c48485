"""Errors of the operating system and of servers, as one sentence that says what to do."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from ..errors import AxonsKernelError, InputError, MissingExtraError, NotFoundError, StorageError


@contextlib.contextmanager
def explained(action: str) -> Iterator[None]:
    """Turn the operating system's errors into one sentence that says what to do."""
    try:
        yield
    except AxonsKernelError:  # a sentence already; it may be a ValueError or an OSError, too
        raise
    except FileNotFoundError as error:
        raise NotFoundError(f"Cannot {action}: there is no such file or folder.") from error
    except IsADirectoryError as error:
        raise StorageError(f"Cannot {action}: it is a folder, and a file is needed.") from error
    except PermissionError as error:
        raise StorageError(
            f"Cannot {action}: no permission. Choose a folder of your own, or ask its owner for access."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(f"Cannot {action}: the disk is full. Free some space, then run it again.") from error
        if error.errno == errno.EROFS:
            raise StorageError(f"Cannot {action}: the disk is read-only. Choose another folder.") from error
        raise StorageError(f"Cannot {action}: {error}.") from error
    except ImportError as error:  # fsspec says what to install
        raise MissingExtraError(f"Cannot {action}: {error}.") from error
    except ValueError as error:  # an unknown kind of URL, a NUL in a path
        raise InputError(f"Cannot {action}: {error}. Give the path of a file or folder, or a URL.") from error
