"""The hub as a student, a stranger and the person who runs it meet it: a real JupyterHub on loopback."""

import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub_config.configure import SERVER_TOKEN_SCOPES
from hub_config.process_tree import descendants

# The classes and factories of conftest.py, which tests reach only through fixtures.
Hub = StartHub = HubClient = ClientOf = RefusedHub = Any

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def student(hub: Hub, client_of: ClientOf) -> Iterator[HubClient]:
    """The student, logged in, with a running server; it is stopped again after this module."""
    client = client_of(hub, "student").log_in()
    client.spawn()
    yield client
    client.api("DELETE", "/hub/api/users/student/server")


def server_environment(hub: Hub, user: str) -> dict[str, str]:
    """The environment of a user's running server, read from /proc."""
    for pid in descendants(hub.process.pid):
        try:
            text = Path(f"/proc/{pid}/environ").read_bytes().decode()
        except OSError:
            continue
        environ = dict(item.partition("=")[::2] for item in text.split("\0") if item)
        if environ.get("JUPYTERHUB_USER") == user:
            return environ
    raise AssertionError(f"no process of {user} found")


def processes_in(folder: Path) -> list[str]:
    """The commands of all processes whose current folder is in `folder`."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if Path(os.readlink(link)).is_relative_to(folder):
                found.append((link.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def start_kernel(client: HubClient) -> None:
    """Start a kernel in the client's server."""
    path = f"/user/{client.user}/"
    answer = client.api("POST", f"{path}api/kernels", cookie_path=path, json={"name": "python3"})
    assert answer.status_code == 201, answer.text


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended; one that waits to be reaped holds no memory and no port."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pids: list[int], seconds: float = 20) -> list[int]:
    """The processes among `pids` that still run after at most `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(is_running(pid) for pid in pids):
        time.sleep(0.1)
    return [pid for pid in pids if is_running(pid)]


# The person who runs it


def test_the_banner_says_where_who_and_what_to_click(hub: Hub) -> None:
    assert f"Axons is running at {hub.url}" in hub.output
    for user, password in hub.logins.items():
        assert user in hub.output and password in hub.output
    for part in ("press Start", "tour.ipynb", "Run All Cells", str(hub.state / "hub.log"), "same system user"):
        assert part in hub.output


def test_secrets_are_closed_and_in_no_log(hub: Hub) -> None:
    assert stat.S_IMODE(hub.state.stat().st_mode) == 0o700
    for name in ("cookie_secret", "proxy_token", "demo-logins.txt", "hub.log", "hub.sqlite", "hub.lock"):
        assert stat.S_IMODE((hub.state / name).stat().st_mode) == 0o600, name
    for secret in (
        (hub.state / "cookie_secret").read_text().strip(),
        (hub.state / "proxy_token").read_text().strip(),
        *hub.logins.values(),
    ):
        assert secret not in hub.log


def test_a_port_in_use_gives_one_sentence_and_writes_nothing(hub: Hub, refused_hub: RefusedHub, tmp_path: Path) -> None:
    result = refused_hub("--state", str(tmp_path / "new"), "--port", str(hub.port))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"axons hub: port {hub.port} on 127.0.0.1 is in use")
    assert f"axons hub --port {hub.port + 1} (or: make run PORT={hub.port + 1})" in result.stderr
    assert not (tmp_path / "new").exists()


def test_two_hubs_do_not_share_a_state_folder(hub: Hub, refused_hub: RefusedHub, unused_port: int) -> None:
    result = refused_hub("--state", str(hub.state), "--port", str(unused_port))
    assert result.returncode == 1
    assert f"another hub (process {hub.process.pid}) uses the folder {hub.state}" in result.stderr


def test_all_wrong_settings_are_reported_before_anything_is_written(refused_hub: RefusedHub, tmp_path: Path) -> None:
    result = refused_hub("--state", str(tmp_path / "new"), "--port", "80a", AXONS_LOGIN__DEMO_LOGIN="true")
    assert result.returncode == 1
    assert "axons hub: there are 2 problems in the settings:" in result.stderr
    assert 'hub.port = "80a" (command line) must be a whole number from 1 to 65535' in result.stderr
    assert "AXONS_LOGIN__DEMO_LOGIN is not a setting; did you mean AXONS_LOGIN__DEMO_LOGINS?" in result.stderr
    assert not (tmp_path / "new").exists()


# Logging in


def test_a_wrong_password_is_refused(hub: Hub, client_of: ClientOf) -> None:
    client = client_of(hub, "instructor").log_in("wrong")
    assert client.answer.status_code == 403
    assert "Invalid username or password" in client.answer.text


def test_there_is_no_sign_up(hub: Hub, client_of: ClientOf) -> None:
    assert client_of(hub, "nobody").get("/hub/signup").status_code == 404


def test_too_many_wrong_passwords_lock_the_account(start_hub: StartHub, client_of: ClientOf) -> None:
    hub = start_hub(AXONS_LOGIN__FAILED_LOGINS="2")
    for _ in range(2):
        assert client_of(hub, "student").log_in("wrong").answer.status_code == 403
    locked = client_of(hub, "student").log_in()
    assert locked.answer.status_code == 429
    assert "locked. Try again in 10 min." in locked.answer.text
    assert client_of(hub, "instructor").log_in().answer.status_code == 200
    assert hub.stop() == 0


def test_only_admin_is_hub_admin(hub: Hub, client_of: ClientOf) -> None:
    for user, is_admin in (("admin", True), ("instructor", False)):
        client = client_of(hub, user).log_in()
        assert client.api("GET", "/hub/api/user").json()["admin"] is is_admin
        assert (client.get("/hub/admin").status_code == 200) is is_admin


# The student's server


def test_the_form_shows_both_profiles_with_the_default_chosen(hub: Hub, client_of: ClientOf) -> None:
    page = client_of(hub, "instructor").log_in().get("/hub/spawn").text
    assert 'value="cpu" checked' in page
    assert 'value="gpu">' in page
    assert "runs on this machine&#x27;s CPU" in page


def test_the_student_gets_jupyterlab_with_the_tour(hub: Hub, student: HubClient) -> None:
    page = student.get("/user/student/lab")
    assert page.status_code == 200
    assert "<title>JupyterLab</title>" in page.text
    assert (hub.home("student") / "tour.ipynb").read_bytes() == hub.tour_notebook.read_bytes()
    assert stat.S_IMODE(hub.home("student").stat().st_mode) == 0o700
    assert student.get("/user/student/api/contents/tour.ipynb").json()["type"] == "notebook"


def test_the_servers_token_has_only_the_listed_scopes(hub: Hub, student: HubClient) -> None:
    requests = pytest.importorskip("requests")
    token = server_environment(hub, "student")["JUPYTERHUB_API_TOKEN"]
    headers = {"Authorization": f"token {token}"}
    me = requests.get(f"{hub.url}/hub/api/user", headers=headers, timeout=30)
    assert me.status_code == 200
    # The three read scopes come with the two that are asked for: reading what it may write, and who it is itself.
    assert set(me.json()["scopes"]) == {
        "users:activity!user=student",
        "access:servers!server=student/",
        "read:users:activity!user=student",
        "read:users:groups!user=student",
        "read:users:name!user=student",
    }
    assert SERVER_TOKEN_SCOPES == ("users:activity!user", "access:servers!server")
    users = requests.get(f"{hub.url}/hub/api/users", headers=headers, timeout=30)
    assert users.status_code == 403


def test_the_servers_environment_holds_no_secret_of_the_hub(hub: Hub, student: HubClient) -> None:
    environ = server_environment(hub, "student")
    text = "\n".join(f"{name}={value}" for name, value in environ.items())
    assert (hub.state / "cookie_secret").read_text().strip() not in text
    assert (hub.state / "proxy_token").read_text().strip() not in text
    assert not [name for name in environ if name.startswith(("CONFIGPROXY", "AXONS_HUB", "AXONS_LOGIN"))]
    assert environ["HOME"] == str(hub.home("student"))
    assert environ["AXONS_PROFILE"] == "cpu"


def test_nobody_else_can_open_the_students_server(hub: Hub, student: HubClient, client_of: ClientOf) -> None:
    other = client_of(hub, "instructor").log_in()
    assert other.get("/user/student/lab").status_code in (403, 404)
    assert other.get("/user/student/api/contents").status_code in (403, 404)
    assert other.api("DELETE", "/hub/api/users/student/server").status_code in (403, 404)
    assert client_of(hub, "nobody").get("/user/student/api/contents").status_code in (403, 404)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "gpuu"}, "Unknown profile 'gpuu'. Did you mean 'gpu'? The profiles open to you are: cpu, gpu."),
        ({"profile": ["cpu", "gpu"]}, "Unknown profile"),
        ({"profile": "cpu", "image": "evil"}, "Unknown option: image. The only option is 'profile'."),
        ({"cmd": ["/bin/sh"]}, "Unknown option: cmd."),
    ],
)
def test_undeclared_options_by_rest_are_refused(
    hub: Hub, options: dict[str, object], message: str, client_of: ClientOf
) -> None:
    client = client_of(hub, "instructor").log_in()
    answer = client.api("POST", "/hub/api/users/instructor/server", json={"user_options": options})
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_undeclared_fields_in_the_form_are_refused(hub: Hub, client_of: ClientOf) -> None:
    client = client_of(hub, "instructor").log_in()
    answer = client.post_form("/hub/spawn", profile="cpu", image="evil")
    assert answer.status_code == 400
    assert "Unknown option: image" in answer.text


# Stopping and starting again


@pytest.mark.parametrize("group", [False, True], ids=["the process", "its group, as a terminal does"])
def test_ctrl_c_leaves_no_process_and_a_restart_keeps_the_work(
    start_hub: StartHub, group: bool, client_of: ClientOf
) -> None:
    hub = start_hub()
    client = client_of(hub, "student").log_in()
    client.spawn()
    start_kernel(client)
    (hub.home("student") / "mine.txt").write_text("my work")
    (hub.home("student") / "tour.ipynb").write_text("my changes")
    everything = descendants(hub.process.pid)
    assert len(everything) >= 5  # hub, proxy, culler, server, kernel
    assert hub.stop(signal.SIGINT, group=group) == 0
    assert wait_gone(everything, seconds=0) == []
    assert processes_in(hub.state) == []
    assert "Axons has stopped." in hub.output

    again = start_hub(state=hub.state)
    assert again.logins == hub.logins
    client = client_of(again, "student").log_in()
    assert client.answer.status_code == 200
    client.spawn()
    assert (again.home("student") / "mine.txt").read_text() == "my work"
    assert (again.home("student") / "tour.ipynb").read_text() == "my changes"
    assert again.stop(signal.SIGTERM) == 0


def test_a_killed_hub_leaves_nothing_and_the_next_start_recovers(start_hub: StartHub, client_of: ClientOf) -> None:
    hub = start_hub()
    client = client_of(hub, "student").log_in()
    client.spawn()
    start_kernel(client)
    everything = descendants(hub.process.pid)
    os.kill(hub.process.pid, signal.SIGKILL)
    hub.process.wait()
    assert wait_gone(everything, seconds=90) == []
    again = start_hub(state=hub.state, port=hub.port)
    client_of(again, "student").log_in().spawn()
    assert again.stop() == 0


def test_a_killed_jupyterhub_is_reported_and_cleaned_up(start_hub: StartHub, client_of: ClientOf) -> None:
    hub = start_hub()
    client_of(hub, "student").log_in().spawn()
    everything = descendants(hub.process.pid)
    os.kill(everything[0], signal.SIGKILL)
    assert hub.process.wait(timeout=60) == 1
    assert "axons hub: the hub stopped by itself (exit status -9)" in hub.output
    assert wait_gone(everything, seconds=0) == []


def test_a_hub_that_dies_at_start_says_why(start_hub: StartHub) -> None:
    hub = start_hub()
    assert hub.stop() == 0
    (hub.state / "hub.sqlite").write_bytes(b"this is not a database, it is only text")
    broken = start_hub(state=hub.state, wait=False)
    assert broken.process.wait(timeout=90) == 1
    assert "axons hub: the hub did not start" in broken.output
    assert "file is not a database" in broken.output
    assert str(hub.state / "hub.log") in broken.output
    assert processes_in(hub.state) == []


def test_switching_the_demo_logins_off_removes_their_accounts(start_hub: StartHub, client_of: ClientOf) -> None:
    hub = start_hub()
    assert hub.stop() == 0
    closed = start_hub(state=hub.state, AXONS_LOGIN__DEMO_LOGINS="false")
    assert "Demo logins are off" in closed.output
    assert client_of(closed, "student").log_in().answer.status_code == 403
    assert closed.stop() == 0
