"""A real hub for tests: `axons hub` in a process of its own, on a free loopback port, with its state in a new folder.

Fixtures, all of session scope:

- `hub`: one running hub that the tests share. `hub.url`, `hub.logins` (password by user name), `hub.state`.
- `start_hub`: makes further hubs, for tests that stop, kill or configure one. All are stopped at the end.
- `refused_hub`: runs `axons hub` that is expected to refuse, and returns what it printed.
- `client_of`: `client_of(hub, "student")` is a browser without a screen; `.log_in()`, `.spawn()`, `.get(path)`.
- `logged_in`: `with logged_in(hub, "student") as context` is a real browser in JupyterLab.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 60
SPAWN_TIMEOUT_S = 90
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
]

TINY_NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "one", "metadata": {}, "outputs": [], "execution_count": None, "source": ["1 + 1"]}
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hub_command(*arguments: str) -> list[str]:
    """`axons hub` of the Python environment that runs the tests."""
    return [str(Path(sys.prefix) / "bin" / "axons"), "hub", *arguments]


def hub_environment(**more: str) -> dict[str, str]:
    """The environment for a hub: this one, without settings of the developer's own."""
    return {**{name: text for name, text in os.environ.items() if not name.startswith("AXONS_")}, **more}


@dataclass
class Hub:
    """A running hub. `output` is what `axons hub` has printed so far, `log` what JupyterHub has."""

    process: "subprocess.Popen[bytes]"
    url: str
    state: Path
    tour_notebook: Path
    logins: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    @property
    def output(self) -> str:
        return self.output_file.read_text(encoding="utf-8")

    @property
    def output_file(self) -> Path:
        return self.state.with_name(self.state.name + ".out")

    @property
    def log(self) -> str:
        return (self.state / "hub.log").read_text(encoding="utf-8", errors="replace")

    def home(self, user: str) -> Path:
        """The home folder of a user whose name needs no escaping."""
        return self.state / "home" / user

    def stop(self, sign: signal.Signals = signal.SIGINT, group: bool = False) -> int:
        """Stop the hub as Ctrl-C does (`group`: to the whole process group, as a terminal does it)."""
        if self.process.poll() is None:
            if group:
                os.killpg(self.process.pid, sign)
            else:
                self.process.send_signal(sign)
        return self.process.wait(timeout=STOP_TIMEOUT_S)

    def wait_ready(self) -> None:
        """Wait for the banner; fails with all that was written if the hub ends or does not answer."""
        end = time.monotonic() + START_TIMEOUT_S
        while "Ctrl-C stops everything" not in self.output:
            ended = self.process.poll() is not None
            if ended or time.monotonic() > end:
                log = self.log if (self.state / "hub.log").exists() else "(no log)"
                pytest.fail(f"the hub did not start:\n{self.output}\n{log}")
            time.sleep(0.1)
        lines = (self.state / "demo-logins.txt").read_text(encoding="utf-8").splitlines()
        self.logins.update(line.split() for line in lines if not line.startswith("#"))


StartHub = Callable[..., Hub]
LoggedIn = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def unused_port() -> int:
    """A free port on loopback."""
    return free_port()


@pytest.fixture(scope="session")
def start_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartHub]:
    """`start_hub(state=None, port=None, wait=True, **environ)` starts a hub and waits until it answers.

    `state` may be the folder of a hub that has stopped. `environ` are settings: `AXONS_LOGIN__FAILED_LOGINS="2"`.
    """
    hubs: list[Hub] = []

    def start(state: Path | None = None, port: int | None = None, wait: bool = True, **environ: str) -> Hub:
        state = state or tmp_path_factory.mktemp("hub") / "state"
        port = port or free_port()
        notebook = _tour_notebook(tmp_path_factory, environ)
        environ.setdefault("AXONS_SPAWNER__TOUR_NOTEBOOK", str(notebook))
        with state.with_name(state.name + ".out").open("wb") as output:
            process = subprocess.Popen(
                hub_command("--state", str(state), "--port", str(port)),
                env=hub_environment(**environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that pytest's own Ctrl-C and the tests' signals do not mix
                cwd=state.parent,
            )
        hub = Hub(process, f"http://127.0.0.1:{port}", state, notebook)
        hubs.append(hub)
        if wait:
            hub.wait_ready()
        return hub

    yield start
    for hub in hubs:
        hub.stop()


def _tour_notebook(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Path:
    """The notebook that the settings name, else the course's own, else (it is not written yet) a tiny one."""
    if "AXONS_SPAWNER__TOUR_NOTEBOOK" in environ:
        return Path(environ["AXONS_SPAWNER__TOUR_NOTEBOOK"])
    real = Path(__file__).parents[2] / "notebooks" / "tour.ipynb"
    if real.is_file():
        return real
    tiny = tmp_path_factory.mktemp("notebooks") / "tour.ipynb"
    tiny.write_text(json.dumps(TINY_NOTEBOOK), encoding="utf-8")
    return tiny


@pytest.fixture(scope="session")
def hub(start_hub: StartHub) -> Hub:
    """The hub that the tests share. Do not stop it; leave no server of yours running if that can disturb others."""
    return start_hub()


@pytest.fixture(scope="session")
def refused_hub(tmp_path_factory: pytest.TempPathFactory) -> "Callable[..., subprocess.CompletedProcess[str]]":
    """`refused_hub("--port", "80a", **environ)` runs `axons hub` to its end, in an empty folder."""

    def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        environ.setdefault("AXONS_SPAWNER__TOUR_NOTEBOOK", str(_tour_notebook(tmp_path_factory, environ)))
        return subprocess.run(
            hub_command(*arguments),
            env=hub_environment(**environ),
            cwd=tmp_path_factory.mktemp("refused"),
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
        )

    return run


@pytest.fixture(scope="session")
def logged_in() -> LoggedIn:
    """`logged_in(hub, user, *scripts)`: a browser in which `user` is logged in, with a server that runs.

    `scripts` run in each new page before all others.
    """

    @contextmanager
    def log_in(hub: Hub, user: str, *scripts: str) -> Iterator[Any]:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            context = chromium.new_context(viewport={"width": 1400, "height": 1000})
            context.set_default_timeout(60_000)
            for script in scripts:
                context.add_init_script(script)
            page = context.new_page()
            page.goto(hub.url)
            page.fill("input[name=username]", user)
            page.fill("input[name=password]", hub.logins[user])
            page.click("[type=submit]")
            start, lab = page.locator("form [type=submit]:has-text('Start')"), page.locator("#jp-main-dock-panel")
            start.or_(lab).first.wait_for()  # the server of a test before may run, with what that test had open
            if start.count():
                start.click()
            lab.wait_for(timeout=120_000)
            page.close()
            yield context
            chromium.close()

    return log_in


@pytest.fixture(scope="session")
def client_of() -> "type[HubClient]":
    """The class `HubClient`: `client_of(hub, "student").log_in()`."""
    return HubClient


class HubClient:
    """A user's browser without a screen: cookies, XSRF tokens, redirects."""

    def __init__(self, hub: Hub, user: str) -> None:
        requests = pytest.importorskip("requests")
        self.hub = hub
        self.user = user
        self.session = requests.Session()
        self.session.trust_env = False  # loopback, never through a proxy

    def get(self, path: str, **options: Any) -> Any:
        """GET `path` of the hub, following redirects."""
        return self.session.get(self.hub.url + path, timeout=60, **options)

    def post_form(self, path: str, **fields: str) -> Any:
        """Open the page, then send its form, with its XSRF token, as a browser does."""
        self.get(path)
        return self.session.post(self.hub.url + path, params={"_xsrf": self._xsrf("/hub/")}, data=fields, timeout=60)

    def api(self, method: str, path: str, cookie_path: str = "/hub/", **options: Any) -> Any:
        """A REST request with this session's cookies, as JavaScript on the page sends it."""
        headers = {"X-XSRFToken": self._xsrf(cookie_path)}
        return self.session.request(method, self.hub.url + path, headers=headers, timeout=60, **options)

    def log_in(self, password: str | None = None) -> "HubClient":
        """Log in; the answer is in `self.answer` (status 200 and the spawn page if it worked)."""
        password = self.hub.logins[self.user] if password is None else password
        self.answer = self.post_form("/hub/login", username=self.user, password=password)
        return self

    def spawn(self, profile: str = "cpu") -> None:
        """Start this user's server through the form and wait until JupyterLab answers."""
        self.post_form("/hub/spawn", profile=profile)
        end = time.monotonic() + SPAWN_TIMEOUT_S
        while time.monotonic() < end:
            answer = self.get(f"/user/{self.user}/lab")
            if answer.status_code == 200 and f"/user/{self.user}/lab" in answer.url:
                return
            if "Spawn failed" in answer.text or answer.status_code in (404, 500, 503):
                break
            time.sleep(0.5)
        pytest.fail(f"the server of {self.user} did not start:\n{self.hub.log[-4000:]}")

    def _xsrf(self, path: str) -> str:
        return next((c.value for c in self.session.cookies if c.name == "_xsrf" and c.path == path), "")
