"""What `axons hub` says to the person who starts it. Pure."""

import re
from collections.abc import Mapping

from hub_config.settings import Settings
from hub_config.state import StateFolder
from spawners.notice import NO_PROTECTION


def banner(settings: Settings, logins: Mapping[str, str]) -> str:
    """Address, demo logins, what to click, where things are, how to stop."""
    state = StateFolder.of(settings)
    width = max(map(len, logins), default=0)
    if settings.login.demo_logins:
        accounts = "\n".join(f"    {user:<{width}}   {password}" for user, password in logins.items())
        login = f"  Log in as one of (kept in {state.demo_logins}):\n{accounts}"
    else:
        login = "  Demo logins are off: only accounts that are already in the database can log in."
    return f"""
Axons is running at {settings.url}

{login}

  What to click: log in as student, press Start, then click the card Open the tour in the launcher
  (or open tour.ipynb in the file list), then Run > Run All Cells.

  Users' files: {state.home}
  Log:          {state.log}

  {NO_PROTECTION}

Ctrl-C stops everything.
"""


def failure_reason(log_text: str, lines: int = 3) -> str:
    """The lines of a hub's log that say why it stopped: the last errors, else the last lines."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", log_text)
    written = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in written if re.match(r"(\[[CE] |[A-Za-z_.]*(Error|Exception|Exit)\b)", line)]
    return " | ".join((errors or written)[-lines:]) or "it wrote nothing"
