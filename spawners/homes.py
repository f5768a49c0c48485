"""Students' home folders: a safe folder name for every user name, and the tour notebook in it. No JupyterHub here."""

import os
import secrets
from pathlib import Path

SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-@.")
LONGEST_NAME = 255


def home_folder_name(username: str) -> str:
    """The name of a user's home folder: the user name, every byte that is not plain written as `%XX`.

    Always one single path component that is neither hidden nor `.` nor `..`, and different for different users.
    Raises `ValueError` if there is no name or the result is longer than a file name may be (255 bytes).
    """
    if not username:
        raise ValueError("a user name is needed to make a home folder, and this one is empty")
    name = "".join(
        chr(byte) if chr(byte) in SAFE and not (index == 0 and byte == ord(".")) else f"%{byte:02X}"
        for index, byte in enumerate(username.encode("utf-8", "surrogatepass"))
    )
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the user name of {len(username)} characters is too long for a home folder")
    return name


def prepare_home(home: Path, tour_notebook: Path) -> None:
    """Make the home folder (0700) and put `tour.ipynb` into it, unless there is something of that name.

    The user's own work is never overwritten, and the notebook appears complete or not at all. Raises `OSError`.
    """
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.mkdir(mode=0o700, exist_ok=True)
    home.chmod(0o700)
    target = home / "tour.ipynb"
    if not os.path.lexists(target):
        _write_new(target, tour_notebook.read_bytes())


def _write_new(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, target)  # never replaces a file, not even one made since the check
    except FileExistsError:
        pass  # the user was quicker, and the user's file wins
    finally:
        temporary.unlink(missing_ok=True)
