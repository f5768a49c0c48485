"""Random secrets in files that only their owner can read: made once, never shown to others, never half written.

A secret file has mode 0600 from the moment it exists, inside a folder of mode 0700, and appears complete or not
at all. A file that others can read is refused, not repaired: what it holds may already be known.
"""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from hub_config.errors import HubConfigError

COOKIE_SECRET_BYTES = 32


class SecretsError(HubConfigError):
    """A secret file or the state folder is not as safe as it must be."""


def ensure_private_folder(folder: Path) -> None:
    """Make `folder` with mode 0700, or check that an existing one is ours and closed to others.

    Raises `SecretsError`; makes no existing folder more or less open.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.stat()
    except OSError as error:
        raise SecretsError(f"the folder {folder} cannot be made: {error.strerror}; choose another") from error
    if info.st_uid != os.geteuid():
        raise SecretsError(f"the folder {folder} belongs to another user (uid {info.st_uid}); choose another")
    if stat.S_IMODE(info.st_mode) & 0o077:
        raise SecretsError(
            f"the folder {folder} has mode {stat.S_IMODE(info.st_mode):04o}, so other users can look into it; "
            f"it must be 0700: run chmod 700 {folder}"
        )


def read_secret(path: Path) -> str:
    """The text of a secret file, without surrounding white space. Raises `SecretsError` if others can read it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SecretsError(f"the secret file {path} cannot be opened: {error.strerror}") from error
    with os.fdopen(handle, encoding="utf-8") as file:
        info = os.fstat(file.fileno())
        if stat.S_IMODE(info.st_mode) & 0o077 or info.st_uid != os.geteuid():
            raise SecretsError(
                f"the secret file {path} (mode {stat.S_IMODE(info.st_mode):04o}, uid {info.st_uid}) can be read by "
                "others; it must belong to you with mode 0600: delete it, and a new secret is made at the next start"
            )
        text = file.read().strip()
    if not text:
        raise SecretsError(f"the secret file {path} is empty; delete it, and a new secret is made at the next start")
    return text


def write_new_secret(path: Path, text: str) -> None:
    """Write a secret file that does not exist yet: complete, with mode 0600, or not at all.

    Raises `FileExistsError` if it exists by now (it is never overwritten) and `SecretsError` if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike rename, link never replaces what another process has just made
    except FileExistsError:
        raise
    except OSError as error:
        raise SecretsError(f"the secret file {path} cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def ensure_secret(path: Path) -> str:
    """The secret in `path`, 32 random bytes as hexadecimal digits, made now if there is none."""
    if not os.path.lexists(path):
        # another process made it between the two lines: its secret is the one to use
        with suppress(FileExistsError):
            write_new_secret(path, secrets.token_hex(COOKIE_SECRET_BYTES))
    return read_secret(path)
