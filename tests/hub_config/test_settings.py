"""Settings: defaults, where values come from, and that every problem is reported at once in words."""

from pathlib import Path

import pytest

from hub_config.profiles import DEFAULT_PROFILES
from hub_config.settings_reader import SettingsError, find_config, read_settings, settings_environment


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(toml: str = "", **environ: str):  # type: ignore[no-untyped-def]
    """Settings from a file with this text and this environment."""
    Path("axons.toml").write_text(toml)
    return read_settings(environ)


def problems(toml: str = "", **environ: str) -> list[str]:
    """The problems of these settings."""
    with pytest.raises(SettingsError) as caught:
        read(toml, **environ)
    return caught.value.problems


def test_defaults_need_no_file(tmp_path: Path) -> None:
    settings = read_settings({})
    assert settings.url == "http://127.0.0.1:8000"
    assert settings.hub.state_folder == tmp_path / ".axons"
    assert settings.spawner.kind == "local"
    assert settings.login.demo_logins is True
    assert settings.profiles == DEFAULT_PROFILES


def test_settings_cannot_be_changed() -> None:
    settings = read_settings({})
    with pytest.raises(Exception, match=r"frozen"):
        settings.hub.port = 1


def test_the_environment_wins_over_the_file_and_the_command_line_over_both() -> None:
    Path("axons.toml").write_text("[hub]\nport = 8001\n[culling]\nidle_s = 900\n")
    environ = {"AXONS_HUB__PORT": "8002", "AXONS_LOGIN__DEMO_LOGINS": "false"}
    settings = read_settings(environ)
    assert (settings.hub.port, settings.culling.idle_s, settings.login.demo_logins) == (8002, 900, False)
    assert read_settings(environ, overrides={"hub.port": "8003"}).hub.port == 8003


def test_paths_in_the_file_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "my.toml").write_text('[hub]\nstate_folder = "state"\n')
    settings = read_settings({"AXONS_CONFIG": "etc/my.toml", "AXONS_HUB__HOME_FOLDER": "homes"})
    assert settings.hub.state_folder == tmp_path / "etc" / "state"
    assert settings.hub.home_folder == tmp_path / "homes"


def test_a_child_process_reads_the_same_settings() -> None:
    toml = """
[hub]
port = 8123
state_folder = "s"
[[profiles]]
slug = "only"
display_name = "Only"
default = true
allowed_groups = ["student"]
"""
    settings = read(toml, AXONS_LOGIN__FAILED_LOGINS="3")
    assert read_settings(settings_environment(settings, find_config({}))) == settings
    assert settings.profiles[0].allowed_groups == ("student",)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[hub]\nprt = 1", "hub.prt = 1 (axons.toml) is not a setting; did you mean hub.port? known here: address,"),
        ("port = 1", "port = 1 (axons.toml) is not a setting; did you mean hub.port? known here: hub, spawner"),
        ("[hubb]\nport = 1", "did you mean hub?"),
        ('[hub]\nport = "8000"', 'hub.port = "8000" (axons.toml) must be a whole number from 1 to 65535'),
        ("[hub]\nport = 0", "hub.port = 0 (axons.toml) must be a whole number from 1 to 65535"),
        ("[hub]\nport = true", "hub.port = true (axons.toml) must be a whole number"),
        ('[hub]\naddress = "here"', 'hub.address = "here" (axons.toml) must be an IP address of this machine'),
        ('[hub]\naddress = "0.0.0.0"', "hub.allow_other_machines = false must be true for hub.address 0.0.0.0"),
        ("[hub]\nstate_folder = 5", "hub.state_folder = 5 (axons.toml) must be the path of a folder"),
        ("hub = 3", "hub = 3 (axons.toml) must be a table of settings"),
        ('[spawner]\nkind = "docker"', "must be local: servers in containers are not part of this version"),
        ('[spawner]\nkind = "lokal"', 'spawner.kind = "lokal" (axons.toml) must be local'),
        ("[culling]\nidle_s = 60\nevery_s = 61", "culling.every_s = 61 (axons.toml) must be at most culling.idle_s"),
        ('[login]\ndemo_logins = "yes"', 'login.demo_logins = "yes" (axons.toml) must be true or false'),
        ("profiles = 3", "profiles = 3 (axons.toml) must be a list of tables, [[profiles]]"),
    ],
)
def test_each_problem_says_what_was_given_and_what_is_allowed(toml: str, message: str) -> None:
    (problem,) = problems(toml)
    assert message in problem


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("AXONS_HUB__PORT", "80a", 'hub.port = "80a" (AXONS_HUB__PORT) must be a whole number from 1 to 65535'),
        ("AXONS_HUB__PROT", "1", "AXONS_HUB__PROT is not a setting; did you mean AXONS_HUB__PORT?"),
        ("AXONS_HUB_PORT", "1", "AXONS_HUB_PORT is not a setting; did you mean AXONS_HUB__PORT?"),
        ("AXONS_LOGIN__DEMO_LOGINS", "no", 'login.demo_logins = "no" (AXONS_LOGIN__DEMO_LOGINS) must be true or false'),
    ],
)
def test_problems_of_the_environment_name_the_variable(variable: str, text: str, message: str) -> None:
    (problem,) = problems(**{variable: text})
    assert message in problem


def test_variables_of_other_parts_of_axons_are_left_alone() -> None:
    assert read_settings({"AXONS_TOKEN": "x", "AXONS_PROFILE": "cpu"}).hub.port == 8000


def test_all_problems_are_reported_at_once() -> None:
    toml = """
[hub]
prt = 1
port = 99999
address = "0.0.0.0"
[login]
demo_logins = 1
[[profiles]]
slug = "CPU"
display_name = "CPU"
mem_limit_mib = 1
mem_guarantee_mib = 2
[[profiles]]
slug = "CPU"
"""
    with pytest.raises(SettingsError) as caught:
        read(toml, AXONS_CULLING__IDLE_S="soon")
    text = str(caught.value)
    assert text.startswith("there are 11 problems in the settings:\n")
    for part in (
        "hub.prt = 1",
        "hub.port = 99999",
        "hub.allow_other_machines = false",
        "login.demo_logins = 1",
        'culling.idle_s = "soon"',
        "profiles (axons.toml) has the slug 'CPU' 2 times",
        "profiles (axons.toml) needs exactly one profile with default = true, but has 0 (none)",
        'profiles[0].slug = "CPU" (axons.toml) must be 1 to 30 lower-case letters',
        "profiles[0].mem_limit_mib = 1 (axons.toml) must be 0 (no limit) or at least mem_guarantee_mib, which is 2",
        "profiles[1].display_name is missing (axons.toml)",
    ):
        assert part in text


def test_an_empty_name_means_no_file() -> None:
    Path("axons.toml").write_text("[hub]\nport = 8001\n")
    assert read_settings({"AXONS_CONFIG": ""}).hub.port == 8000


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"AXONS_CONFIG names the file nowhere.toml, which does not exist"):
        read_settings({"AXONS_CONFIG": "nowhere.toml"})
    with pytest.raises(SettingsError, match=r"--config names the file other.toml"):
        read_settings({}, Path("other.toml"))


def test_a_file_that_is_not_toml_says_where() -> None:
    (problem,) = problems("[hub\nport = 1")
    assert problem.startswith("axons.toml is not valid TOML:")
    assert "line 1" in problem


def test_ipv6_and_any_address_give_a_url_to_click() -> None:
    assert read_settings({"AXONS_HUB__ADDRESS": "::1"}).url == "http://[::1]:8000"
    anywhere = read_settings({"AXONS_HUB__ADDRESS": "0.0.0.0", "AXONS_HUB__ALLOW_OTHER_MACHINES": "true"})
    assert anywhere.url == "http://127.0.0.1:8000"
