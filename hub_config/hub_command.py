"""`axons hub`: checks everything, makes the secrets, starts JupyterHub, says what to do, and stops all of it.

The order matters: every check comes before the first write, so a refused start leaves nothing behind.
"""

import argparse
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub_config import preflight
from hub_config.demo_logins import ensure_demo_logins
from hub_config.errors import HubConfigError
from hub_config.hub_messages import banner, failure_reason
from hub_config.process_tree import ProcessTree
from hub_config.secrets_store import ensure_private_folder, ensure_secret
from hub_config.settings import Settings
from hub_config.settings_reader import find_config, read_settings, settings_environment
from hub_config.state import StateFolder
from hub_config.state_lock import hold_lock
from spawners.die_with_parent import tied_command

HELP = "start the hub on this machine; Ctrl-C stops it"
ERRORS = (HubConfigError,)

READY_TIMEOUT_S = 60.0
STOP_GRACE_S = 25.0
TICK_S = 0.2


class HubError(HubConfigError):
    """The hub does not start, or has stopped by itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The few settings that have an option; all others are in axons.toml and the environment."""
    parser.add_argument("--state", metavar="DIR", help="keep everything in DIR (default: .axons)")
    parser.add_argument("--config", metavar="FILE", type=Path, help="read the settings from FILE (default: axons.toml)")
    parser.add_argument("--port", metavar="N", help="the port to listen on (default: 8000)")


def run(args: argparse.Namespace) -> int:
    """Run the hub until Ctrl-C or SIGTERM; returns 0. Raises `HubConfigError` if it cannot start or dies."""
    options = {"hub.state_folder": args.state, "hub.port": args.port}
    overrides = {name: text for name, text in options.items() if text is not None}
    config = find_config(os.environ, args.config)
    settings = read_settings(os.environ, config, overrides)
    preflight.check(settings)
    settings = _with_inner_ports(settings)
    state = StateFolder.of(settings)
    ensure_private_folder(state.root)
    with hold_lock(state.lock), _stop_signals() as stop:
        try:
            logins = _prepare(settings, state)
            tree = _start(settings, config, state)
        except OSError as error:
            raise HubError(
                f"the hub cannot start: {error.filename or state.root}: {error.strerror}; correct that, or choose "
                "another folder with: axons hub --state DIR"
            ) from error
        try:
            _serve(tree, settings, logins, state, stop)
        finally:
            tree.stop(STOP_GRACE_S)
    print("Axons has stopped.", flush=True)
    return 0


def _serve(tree: ProcessTree, settings: Settings, logins: dict[str, str], state: StateFolder, stop: list[int]) -> None:
    """Wait until the hub answers, say so, and wait until it is asked to stop."""
    print("Axons is starting ...", flush=True)
    deadline = time.monotonic() + READY_TIMEOUT_S
    ready = False
    inner_url = f"http://127.0.0.1:{settings.hub.hub_port}"  # asked first: the proxy logs every vain request
    while not stop:
        status = tree.poll()
        if status is not None:
            reason = failure_reason(state.log.read_text(encoding="utf-8", errors="replace"))
            when = "stopped by itself" if ready else "did not start"
            raise HubError(f"the hub {when} (exit status {status}): {reason} (the whole log: {state.log})")
        if not ready and _answers(inner_url) and _answers(settings.url):
            ready = True
            print(banner(settings, logins), flush=True)
        if not ready and time.monotonic() > deadline:
            raise HubError(f"the hub did not answer within {READY_TIMEOUT_S:.0f} s; see {state.log}")
        time.sleep(TICK_S)
    print("\nStopping the hub and all servers ...", flush=True)


def _prepare(settings: Settings, state: StateFolder) -> dict[str, str]:
    """Make what is missing in the state folder; keep what is there. Returns the demo logins."""
    ensure_private_folder(state.home)
    ensure_secret(state.cookie_secret)
    ensure_secret(state.proxy_token)
    state.proxy_pid.unlink(missing_ok=True)  # of a killed run: JupyterHub would signal whoever has that number now
    if state.log.exists():
        state.log.replace(state.log.with_suffix(".log.1"))
    return ensure_demo_logins(state.demo_logins) if settings.login.demo_logins else {}


def _with_inner_ports(settings: Settings) -> Settings:
    """The settings with a free port for each inner port that is 0."""
    hub_port, proxy_port = preflight.free_ports(2)
    inner = {
        "hub_port": settings.hub.hub_port or hub_port,
        "proxy_port": settings.hub.proxy_port or proxy_port,
    }
    return settings.model_copy(update={"hub": settings.hub.model_copy(update=inner)})


def _start(settings: Settings, config: Path | None, state: StateFolder) -> ProcessTree:
    configuration = Path(__file__).with_name("jupyterhub_config.py")
    command = tied_command(Path(sys.prefix) / "bin" / "jupyterhub", "--config", configuration)
    environment = {**os.environ, **settings_environment(settings, config)}
    return ProcessTree(command, environment, folder=state.root, log=state.log)


def _answers(url: str) -> bool:
    """Whether a JupyterHub answers there."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never ask a proxy for loopback
    try:
        with opener.open(f"{url}/hub/api/", timeout=5) as answer:
            return "version" in json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
        return False


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collect SIGINT, SIGTERM and SIGHUP in a list instead of being ended by them."""
    received: list[int] = []
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(sign, lambda number, _frame: received.append(number)) for sign in signals]
    try:
        yield received
    finally:
        for sign, handler in zip(signals, before, strict=True):
            signal.signal(sign, handler)
