"""Reads `Settings` from a TOML file, the environment and the command line, and reports every problem at once.

`read_settings` is pure apart from reading the file. `settings_environment` is its inverse: what it returns,
given to a child process, makes the child read the same settings.
"""

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub_config.errors import HubConfigError
from hub_config.profiles import Profile, table_problems
from hub_config.settings import Settings

PREFIX = "AXONS_"
CONFIG_VARIABLE = "AXONS_CONFIG"
DEFAULT_FILE = "axons.toml"

SECTIONS: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
NAMES = [f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields]
VARIABLES = {f"{PREFIX}{name.replace('.', '__').upper()}": name for name in NAMES}


class SettingsError(HubConfigError):
    """Every problem of the settings, one line each, in `problems`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        if len(problems) == 1:
            super().__init__(f"there is a problem in the settings: {problems[0]}")
        else:
            lines = "".join(f"\n  {problem}" for problem in problems)
            super().__init__(f"there are {len(problems)} problems in the settings:{lines}")


class _Raw:
    """The values found, not yet checked, and where each came from."""

    def __init__(self) -> None:
        self.tables: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.problems: list[str] = []

    def set(self, name: str, value: object, source: str, folder: Path) -> None:
        """Set one `section.name`; a path given as text is made absolute, from `folder`."""
        section, _, key = name.partition(".")
        if _is_path(name) and isinstance(value, str) and value:
            value = folder / Path(value).expanduser()
        self.tables.setdefault(section, {})[key] = value
        self.sources[name] = source


def read_settings(
    environ: Mapping[str, str],
    config: Path | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Settings:
    """Read and check the settings.

    `config` is the file to read (it must exist); without it `AXONS_CONFIG`, else `./axons.toml` if there is one.
    `overrides` are texts from the command line, `{"hub.port": "8001"}`.
    Raises `SettingsError` with all problems.
    """
    raw = _Raw()
    _add_file(raw, _find_file(environ, config))
    _add_environment(raw, environ)
    for name, text in (overrides or {}).items():
        raw.set(name, _parse(name, text), "command line", Path.cwd())
    settings = None
    try:
        settings = Settings.model_validate(raw.tables)
    except ValidationError as error:
        raw.problems += [_sentence(detail, raw) for detail in error.errors(include_url=False)]
    if raw.problems or settings is None:
        raise SettingsError(raw.problems)
    return settings


def settings_environment(settings: Settings, config: Path | None) -> dict[str, str]:
    """The environment variables that make `read_settings` return `settings` again."""
    environment = {CONFIG_VARIABLE: str(config.resolve()) if config else ""}
    for variable, name in VARIABLES.items():
        section, _, key = name.partition(".")
        value = getattr(getattr(settings, section), key)
        if value is not None:
            environment[variable] = str(value).lower() if isinstance(value, bool) else str(value)
    return environment


def find_config(environ: Mapping[str, str], config: Path | None = None) -> Path | None:
    """The settings file that `read_settings` reads, or None. Raises `SettingsError` if a named one is missing."""
    return _find_file(environ, config)


def _find_file(environ: Mapping[str, str], config: Path | None) -> Path | None:
    named, source = (config, "--config") if config else (environ.get(CONFIG_VARIABLE), CONFIG_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise SettingsError([f"{source} names the file {path}, which does not exist; correct the path"])
        return path
    if CONFIG_VARIABLE in environ:
        return None
    return Path(DEFAULT_FILE) if Path(DEFAULT_FILE).is_file() else None


def _add_file(raw: _Raw, path: Path | None) -> None:
    if path is None:
        return
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} is not valid TOML: {error}"]) from error
    except OSError as error:
        raise SettingsError([f"{path} cannot be read: {error.strerror}"]) from error
    for section, table in tables.items():
        if section in SECTIONS and isinstance(table, dict):
            for key, value in table.items():
                raw.set(f"{section}.{key}", value, str(path), path.resolve().parent)
        else:
            raw.tables[section] = table
            raw.sources[section] = str(path)
    rows = tables.get("profiles")
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        raw.problems += [f"profiles ({path}) {problem}" for problem in table_problems(rows)]
        raw.tables["profiles"] = tuple(_with_tuples(row) for row in rows)


def _add_environment(raw: _Raw, environ: Mapping[str, str]) -> None:
    one_underscore = {variable.replace("__", "_"): variable for variable in VARIABLES}
    for variable, text in sorted(environ.items()):
        if variable in VARIABLES:
            name = VARIABLES[variable]
            raw.set(name, _parse(name, text), variable, Path.cwd())
        elif variable in one_underscore:
            raw.problems.append(f"{variable} is not a setting; did you mean {one_underscore[variable]}?")
        elif variable.startswith(PREFIX) and "__" in variable:
            hint = _did_you_mean(variable, list(VARIABLES))
            raw.problems.append(
                f"{variable} is not a setting{hint}; a name is {PREFIX}<SECTION>__<NAME>, sections: "
                f"{', '.join(SECTIONS)}"
            )


def _parse(name: str, text: str) -> object:
    """A text as the TOML value it stands for, where the setting is neither text nor path; else the text."""
    section, _, key = name.partition(".")
    if _is_path(name) or SECTIONS[section].model_fields[key].annotation is str:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _is_path(name: str) -> bool:
    section, _, key = name.partition(".")
    field = SECTIONS[section].model_fields.get(key)
    return field is not None and field.annotation in (Path, Path | None)


def _with_tuples(row: dict[str, Any]) -> dict[str, Any]:
    """TOML knows lists, the frozen data class holds tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _sentence(detail: ErrorDetails, raw: _Raw) -> str:
    """One pydantic error as: which setting, what was given, from where, what is allowed."""
    location = detail["loc"]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    source = raw.sources.get(name) or raw.sources.get(str(location[0]), "")
    given = f"{name} = {json.dumps(detail['input'], default=str)}" + (f" ({source})" if source else "")
    model = Profile if location[0] == "profiles" else SECTIONS.get(str(location[0]))
    key = str(location[-1])
    if detail["type"] == "extra_forbidden":
        known = list(model.model_fields) if model and len(location) > 1 else list(Settings.model_fields)
        prefix = f"{location[0]}." if model and len(location) == 2 else ""
        hint = _did_you_mean(key, known, prefix) or _elsewhere(key)
        return f"{given} is not a setting{hint or ';'} known here: {', '.join(known)}"
    if detail["type"] == "missing":
        return f"{name} is missing{f' ({source})' if source else ''}"
    if detail["type"] == "value_error":
        return f"{given} {detail['msg'].removeprefix('Value error, ')}"
    if model is not None and key in model.model_fields:
        return f"{given} must be {model.model_fields[key].description}"
    allowed = "a list of tables, [[profiles]]" if location[0] == "profiles" else "a table of settings"
    return f"{given} must be {allowed}"


def _did_you_mean(name: str, known: list[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {prefix}{close[0]}?" if close else ""


def _elsewhere(key: str) -> str:
    """A right name in the wrong section, such as `port` at the top of the file."""
    homes = [name for name in NAMES if name.partition(".")[2] == key]
    return f"; did you mean {homes[0]}?" if homes else ""
