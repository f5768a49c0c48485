"""The demo logins: three accounts whose random passwords are made at the first start and kept in one 0600 file.

The file is meant to be read by the person who runs the hub: one line per account, name then password.
"""

import os
import secrets
from pathlib import Path

from hub_config.secrets_store import SecretsError, read_secret, write_new_secret

DEMO_USERS = ("student", "instructor", "admin")
DEMO_GROUPS = {"student": "student", "instructor": "instructor", "admin": "course-admin"}

CONSONANTS = "bdfghjklmnprstvz"
VOWELS = "aeiou"
WORDS = 5

HEADER = """\
# The demo logins of this Axons hub: name, password. Made at the first start, for this machine only.
# Whoever can read this file can log in. Delete it to get new passwords at the next start.
"""


def new_password() -> str:
    """Five made-up words such as `kobi-tuza-...`: easy to type, 80 ** 10 possibilities (63 bits)."""
    return "-".join(
        "".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(2)) for _ in range(WORDS)
    )


def ensure_demo_logins(path: Path) -> dict[str, str]:
    """The demo passwords by user name, read from `path`, made now if there is no file. Raises `SecretsError`."""
    if not os.path.lexists(path):
        lines = "\n".join(f"{user:<12}{new_password()}" for user in DEMO_USERS)
        write_new_secret(path, HEADER + lines)
    return read_demo_logins(path)


def read_demo_logins(path: Path) -> dict[str, str]:
    """The demo passwords by user name. Raises `SecretsError` if the file is open to others or damaged."""
    logins: dict[str, str] = {}
    for line in read_secret(path).splitlines():
        if line.strip() and not line.startswith("#"):
            user, _, password = line.strip().partition(" ")
            logins[user] = password.strip()
    if set(logins) != set(DEMO_USERS) or not all(logins.values()):
        raise SecretsError(
            f"the demo logins in {path} are damaged: it needs one line each for {', '.join(DEMO_USERS)}, name then "
            f"password, and has {', '.join(logins) or 'none'}; delete it, and new ones are made at the next start"
        )
    return logins
