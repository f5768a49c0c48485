"""groups.json: which animal (or patient, or day) each image is of, so that one is never on both sides of a split."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from ..documents import Document
from ..errors import InputError
from ..images import ImageInfo
from ..storage import Store, name_from_file, read_source
from .balance import listed

KEY = "groups.json"


class Groups(dict[str, str]):
    """Image -> group; a notebook shows the images of each group."""

    def __repr__(self) -> str:
        names: dict[str, list[str]] = {}
        for image, group in sorted(self.items()):
            names.setdefault(group, []).append(image)
        lines = [f"{len(self)} images in {len(names)} groups"]
        return "\n".join(lines + [f"  {group}: {listed(images)}" for group, images in names.items()])


class GroupTable(Document):
    """groups.json: image name -> group."""

    kind: ClassVar[str] = "groups"
    groups: dict[str, str] = Field(default_factory=dict)


def read_groups(store: Store) -> Groups:
    """The group of each image that has one."""
    return Groups(GroupTable.decode(store.read(KEY), KEY).groups if store.exists(KEY) else {})


def change_groups(store: Store, given: Mapping[str, str | None], images: Sequence[str]) -> Groups:
    """Give images groups; None takes one away, others stay. Raises InputError when an image is not there."""
    if not isinstance(given, Mapping):
        raise InputError(f"{given!r:.100} gives no groups: write project.set_groups({{'image': 'group', ...}}).")
    unknown = [str(name) for name in given if name not in images]
    if unknown:
        raise InputError(
            f"There is no image {listed(unknown)} in this project; it has: {listed(images) or 'none yet'}."
        )
    wrong = [name for name, group in given.items() if group is not None and not str(group).strip()]
    if wrong:
        raise InputError(f"The group of {listed(wrong)} is empty: give a name, or None to take the group away.")

    def changed(data: bytes | None) -> bytes:
        table = GroupTable.decode(data, KEY) if data else GroupTable()
        merged = {**table.groups, **{image: group for image, group in given.items()}}
        groups = {image: str(group).strip() for image, group in sorted(merged.items()) if group is not None}
        return table.model_copy(update={"groups": groups}).encode()

    store.update(KEY, changed)
    return read_groups(store)


def groups_by_pattern(pattern: str, images: Sequence[str]) -> dict[str, str]:
    """The first bracket of a regular expression that is found in a name is the group; others get none.

    Raises InputError when it is no such expression, or fits no image.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, TypeError) as error:
        raise InputError(
            f"pattern={pattern!r} is no regular expression ({error}): write it as r'(rat\\d+)'."
        ) from error
    if compiled.groups < 1:
        raise InputError(f"pattern={pattern!r} has no brackets: put them around the group's name, as in r'(rat\\d+)'.")
    found = {image: match[1] for image in images if (match := compiled.search(image)) and match[1]}
    if not found:
        raise InputError(f"pattern={pattern!r} fits none of the images: {listed(images) or 'none yet'}.")
    return found


def groups_from_csv(
    location: str | os.PathLike[str], column: str | None, images: Sequence[ImageInfo]
) -> dict[str, str]:
    """Image -> group of a table with a heading: images (or their files) in the first column, groups in `column`.

    Commas, semicolons or tabs; by default the second column. Rows of other images are left out. Raises InputError.
    """
    where = os.fspath(location)
    rows = _rows(read_source(location), where)
    heading = rows[0] if rows else []
    if len(heading) < 2 or (column is not None and column not in heading[1:]):
        raise InputError(
            f"{where} has the columns {', '.join(heading) or 'none'}: the first must name the images, and "
            f"{column or 'the second'!r} their groups."
        )
    place = 1 if column is None else heading.index(column)
    by_alias = _by_alias(images)
    found: dict[str, str] = {}
    for row in rows[1:]:
        name = by_alias.get(row[0]) or by_alias.get(name_from_file(row[0])) if row else None
        if name is None or len(row) <= place or not row[place]:
            continue
        if found.setdefault(name, row[place]) != row[place]:
            raise InputError(f"{where} gives '{name}' two groups, {found[name]} and {row[place]}: keep one.")
    if not found:
        raise InputError(f"{where} names none of the images ({listed([i.name for i in images])}) in its first column.")
    return found


def _by_alias(images: Sequence[ImageInfo]) -> dict[str, str]:
    """Images by their names and by those of their files; a file name that two of them share leads to neither."""
    index: dict[str, list[str]] = {}
    for image in images:
        for alias in {image.source_name, name_from_file(image.source_name)}:
            index.setdefault(alias, []).append(image.name)
    return {alias: names[0] for alias, names in index.items() if len(names) == 1} | {i.name: i.name for i in images}


def _rows(data: bytes, where: str) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
        mark = max(",;\t", key=text.partition("\n")[0].count)
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=mark, strict=True)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{where} is no CSV table ({error}): save it as CSV in UTF-8.") from error
