"""What the person who starts the hub reads."""

import pytest

from hub_config.hub_messages import banner, failure_reason
from hub_config.settings_reader import read_settings

LOG = """\
[I 2026-11-23 18:20:32.359 JupyterHub app:3493] Running JupyterHub version 6.1.1
[C 2026-11-23 18:20:33.000 JupyterHub app:3700] Failed to start proxy
    Traceback (most recent call last):
      File "x.py", line 1, in start
    OSError: address in use
[I 2026-11-23 18:20:33.100 JupyterHub app:3656] ...done
"""


def test_the_banner_tells_what_to_do() -> None:
    settings = read_settings({"AXONS_HUB__STATE_FOLDER": "/srv/axons"})
    text = banner(settings, {"student": "kobi-tuza", "admin": "lore-mipa"})
    for part in (
        "http://127.0.0.1:8000",
        "student   kobi-tuza",
        "admin     lore-mipa",
        "/srv/axons/demo-logins.txt",
        "/srv/axons/home",
        "/srv/axons/hub.log",
        "Run All Cells",
        "same system user",
        "Ctrl-C stops everything",
    ):
        assert part in text


def test_without_demo_logins_no_password_is_shown() -> None:
    text = banner(read_settings({"AXONS_LOGIN__DEMO_LOGINS": "false"}), {"student": "kobi-tuza"})
    assert "Demo logins are off" in text
    assert "kobi-tuza" not in text


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (LOG, "[C 2026-11-23 18:20:33.000 JupyterHub app:3700] Failed to start proxy | OSError: address in use"),
        ("\x1b[31mValueError: no\x1b[0m\n", "ValueError: no"),
        ("one\ntwo\nthree\nfour\n", "two | three | four"),
        ("", "it wrote nothing"),
    ],
)
def test_the_reason_of_a_failure_is_found_in_the_log(log: str, reason: str) -> None:
    assert failure_reason(log) == reason
