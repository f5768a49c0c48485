"""The `axons` command: how commands are found, how their errors are told, and what it must not import."""

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType

import pytest

from hub_config import cli


class PaintError(Exception):
    """A user's error of the test command."""


def paint_module(run: Callable[[Namespace], int]) -> ModuleType:
    """A command module as the entry points name it."""
    module = ModuleType("paint_command")

    def add_arguments(parser: ArgumentParser) -> None:
        parser.add_argument("--colour", default="red")

    module.HELP, module.ERRORS = "paint something", (PaintError,)  # type: ignore[attr-defined]
    module.add_arguments, module.run = add_arguments, run  # type: ignore[attr-defined]
    return module


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`install(run)` makes `axons paint` run `run`, beside a command `broken` whose module is missing."""

    def do(run: Callable[[Namespace], int]) -> None:
        monkeypatch.setitem(sys.modules, "paint_command", paint_module(run))
        points = [
            EntryPoint("paint", "paint_command", cli.GROUP),
            EntryPoint("broken", "surely_not_there", cli.GROUP),
        ]
        monkeypatch.setattr(cli, "entry_points", lambda group: EntryPoints(points))

    return do


def test_a_command_gets_its_arguments_and_gives_the_exit_status(install: Callable[..., None]) -> None:
    install(lambda args: len(args.colour))
    assert cli.main(["paint", "--colour", "green"]) == 5
    assert cli.main(["paint"]) == 3


def test_a_users_error_is_one_sentence(install: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    def run(args: Namespace) -> int:
        raise PaintError("there is no colour 'grene'; did you mean 'green'?")

    install(run)
    assert cli.main(["paint"]) == 1
    assert capsys.readouterr() == ("", "axons paint: there is no colour 'grene'; did you mean 'green'?\n")


def test_a_defect_keeps_its_traceback(install: Callable[..., None]) -> None:
    def run(args: Namespace) -> int:
        raise KeyError("a defect")

    install(run)
    with pytest.raises(KeyError):
        cli.main(["paint"])


def test_ctrl_c_ends_with_130(install: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    def run(args: Namespace) -> int:
        raise KeyboardInterrupt

    install(run)
    assert cli.main(["paint"]) == 130
    assert capsys.readouterr().err == "axons paint: interrupted\n"


def test_a_missing_package_names_the_extra_that_brings_it(
    install: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(args: Namespace) -> int:
        raise ModuleNotFoundError("No module named 'papermill'", name="papermill.execute")

    install(run)
    assert cli.main(["paint"]) == 1
    message = "axons paint: the package papermill is not installed; run: pip install 'axons[train]'\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("package", "extra"), [("jupyterhub", "hub"), ("nativeauthenticator", "hub"), ("torch", "train"), ("s3fs", "s3")]
)
def test_the_extra_is_read_from_the_metadata(package: str, extra: str) -> None:
    assert extra in cli.extras_with(package)


def test_a_missing_module_of_our_own_is_a_defect() -> None:
    with pytest.raises(ModuleNotFoundError):
        cli.missing_package(ModuleNotFoundError("x", name="hub_config.nowhere"))


def test_a_broken_command_does_not_hide_the_others(
    install: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    install(lambda args: 0)
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "paint something" in text
    assert "(cannot be used: surely_not_there is not installed)" in text


@pytest.mark.parametrize("argv", [[], ["pant"]])
def test_without_a_command_the_known_ones_are_listed(
    install: Callable[..., None], capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    install(lambda args: 0)
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "the following arguments are required: COMMAND" in error or "(choose from " in error


def test_the_command_and_its_settings_need_no_jupyterhub() -> None:
    code = (
        "import sys; import hub_config.cli; early = set(sys.modules); import hub_config.hub_command;"
        "print([m for m in ('pydantic', 'traitlets') if m in early],"
        "[m for m in ('jupyterhub', 'tornado', 'axons_kernel', 'torch', 'ipycanvas') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[] []\n"
