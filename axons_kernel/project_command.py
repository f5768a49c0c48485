"""`axons project`: look after a project, in a folder or at a URL: check, gc, du, copy."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tqdm import tqdm

from .copying import copy_project
from .errors import AxonsKernelError, InputError, NotFoundError
from .project_check import check_project
from .project_gc import OLD_S, Leftover, find_leftovers, remove_leftovers
from .project_sizes import measure
from .storage import Store, human_bytes

HELP = "look after a project: check, gc, du, copy"
ERRORS: tuple[type[Exception], ...] = (AxonsKernelError,)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own commands."""
    parser.description = "Looks after a project in a folder or at a URL such as s3://course/ana/nerve."
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    check = commands.add_parser("check", help="verify every document and checksum; status 1 when something is wrong")
    gc = commands.add_parser("gc", help="list what crashes have left, and with --yes remove it")
    gc.add_argument("--yes", action="store_true", help="remove what is listed")
    gc.add_argument(
        "--older-than-h", type=float, default=OLD_S / 3600, metavar="H", help="untouched for H hours (%(default)g)"
    )
    sizes = commands.add_parser("du", help="show sizes by kind and image")
    for command in (check, gc, sizes):
        command.add_argument("project", metavar="DIR_OR_URL")
    copy = commands.add_parser("copy", help="copy a project, local or cloud; goes on when it was killed")
    copy.add_argument("project", metavar="SOURCE")
    copy.add_argument("target", metavar="TARGET")
    copy.add_argument("--overwrite", action="store_true", help="replace objects of TARGET that have other content")


def run(args: argparse.Namespace) -> int:
    """Do what is asked; returns the exit status."""
    store = Store(args.project)
    if not store.exists("project.json"):
        raise NotFoundError(f"There is no project at {store.url}: it has no project.json.")
    actions = {"check": _check, "gc": _gc, "du": _du, "copy": _copy}
    return actions[args.what](store, args)


def _check(store: Store, args: argparse.Namespace) -> int:
    with tqdm(desc="checking", unit="document", file=sys.stderr, leave=False) as bar:
        problems = check_project(store, bar.update)
        count = bar.n
    for problem in problems:
        print(problem)
    leftovers = find_leftovers(store)
    if leftovers:
        print(f"{_counted(leftovers)} can be removed: axons project gc {store.url}")
    print(f"{len(problems)} problems in {count} documents" if problems else f"All {count} documents are sound.")
    return 1 if problems else 0


def _gc(store: Store, args: argparse.Namespace) -> int:
    if not args.older_than_h >= 0:
        raise InputError(f"--older-than-h {args.older_than_h:g} is not allowed: give 0 hours or more.")
    leftovers = find_leftovers(store, args.older_than_h * 3600)
    for leftover in leftovers:
        print(f"{human_bytes(leftover.bytes):>8}  {leftover.kind:<20}  {leftover.key}")
    if not leftovers:
        print("There is nothing to remove.")
    elif args.yes:
        remove_leftovers(store, leftovers)
        print(f"Removed {_counted(leftovers)}.")
    else:
        print(f"{_counted(leftovers)} would be removed; nothing was. Remove them with --yes.")
    return 0


def _counted(leftovers: list[Leftover]) -> str:
    counts = Counter(leftover.kind for leftover in leftovers)
    size = human_bytes(sum(leftover.bytes for leftover in leftovers))
    return ", ".join(f"{count} x {kind}" for kind, count in counts.items()) + f" ({size})"


def _du(store: Store, args: argparse.Namespace) -> int:
    print(measure(store))
    return 0


def _copy(store: Store, args: argparse.Namespace) -> int:
    target = Store(args.target)
    plan = copy_project(store, target, overwrite=args.overwrite)
    replaced = f", {len(plan.different)} replaced" if plan.different else ""
    print(f"{target.url}: {len(plan.missing)} objects copied{replaced}, {len(plan.same)} were there already.")
    return 0
