"""The `axons` command. Its subcommands are found through the entry-point group `axons.commands`.

Each entry point names a MODULE with

- `HELP: str`, one line;
- `add_arguments(parser) -> None`;
- `run(args) -> int`, the exit status;
- `ERRORS: tuple[type[Exception], ...]`, what the user can cause: printed as `axons <name>: <message>`, exit status 1.

This module imports nothing outside the standard library, so `axons` works whichever extras are installed.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, requires
from typing import Protocol, cast

GROUP = "axons.commands"
DISTRIBUTION = "axons"
OUR_PACKAGES = ("hub_config", "spawners", "axons_kernel")
INTERRUPTED = 130


class Command(Protocol):
    """What a command module offers."""

    HELP: str
    ERRORS: tuple[type[Exception], ...]

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do the work; returns the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit status (0 done, 1 the user's error, 2 wrong arguments, 130 Ctrl-C)."""
    parser = argparse.ArgumentParser(
        prog="axons", description="Axons: a teaching environment for AI on microscopy images."
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    points = {point.name: point for point in sorted(entry_points(group=GROUP))}
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else ""
    if name not in points:
        for point in points.values():
            subparsers.add_parser(point.name, help=_help(point))
        parser.parse_args(arguments)  # prints the help, or which commands there are, and exits
    try:
        command = cast(Command, points[name].load())
    except ModuleNotFoundError as error:
        return _fail(name, missing_package(error))
    command.add_arguments(subparsers.add_parser(name, help=command.HELP, description=command.HELP))
    return _run(name, command, parser.parse_args(arguments))


def _help(point: EntryPoint) -> str:
    """The command's line in the list. One that cannot be loaded stays in the list: the others must still work."""
    try:
        return cast(Command, point.load()).HELP
    except ModuleNotFoundError as error:
        return f"(cannot be used: {error.name} is not installed)"


def _run(name: str, command: Command, args: argparse.Namespace) -> int:
    try:
        return command.run(args)
    except command.ERRORS as error:
        return _fail(name, str(error))
    except ModuleNotFoundError as error:
        return _fail(name, missing_package(error))
    except KeyboardInterrupt:
        return _fail(name, "interrupted", INTERRUPTED)


def _fail(name: str, message: str, status: int = 1) -> int:
    print(f"axons {name}: {message}", file=sys.stderr)
    return status


def missing_package(error: ModuleNotFoundError) -> str:
    """Which package is missing and what to type to get it. A missing module of our own is a defect: re-raised."""
    package = (error.name or "").partition(".")[0]
    if not package or package in OUR_PACKAGES:
        raise error
    extras = extras_with(package)
    return f"the package {package} is not installed; run: pip install '{DISTRIBUTION}[{','.join(extras)}]'"


def extras_with(package: str) -> list[str]:
    """The extras of Axons that bring `package`; all that exist if none names it."""
    try:
        requirements = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return ["hub"]
    wanted = _normal(package)
    found, known = set(), set()
    for requirement in requirements:
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", requirement)
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if extra and name:
            known.add(extra.group(1))
            if _normal(name.group(0)) in (wanted, f"jupyterhub-{wanted}"):
                found.add(extra.group(1))
    return sorted(found or known - {"test"})[:3] or ["hub"]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
