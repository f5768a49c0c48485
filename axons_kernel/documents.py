"""JSON documents on disk: a schema name with a version, validated on read, unknown keys kept."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import SchemaError


class Document(BaseModel):
    """Base of all documents; a subclass sets `kind`, and raises `version` when its meaning changes."""

    model_config = ConfigDict(frozen=True, extra="allow")
    kind: ClassVar[str]
    version: ClassVar[int] = 1

    def encode(self) -> bytes:
        """UTF-8 JSON with `"schema": "axons.<kind>/<version>"` first. Raises ValueError for NaN and infinity."""
        content = {"schema": f"axons.{self.kind}/{self.version}", **self.model_dump(mode="json")}
        return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()

    @classmethod
    def decode(cls, data: bytes, where: str) -> Self:
        """Read what `encode` wrote. Raises SchemaError that names `where` and every key that is wrong."""
        content = parse_json(data, where)
        if not isinstance(content, dict):
            raise SchemaError(f"{where} should hold a JSON object, and holds a {type(content).__name__}.")
        cls._check_schema(content.pop("schema", None), where)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise SchemaError(f"{where} is not a valid {cls.kind}: {problems(error)}.") from error

    @classmethod
    def _check_schema(cls, schema: Any, where: str) -> None:
        match = re.fullmatch(rf"axons\.{re.escape(cls.kind)}/(\d+)", str(schema))
        if not match:
            raise SchemaError(f"{where} says its schema is {schema!r}; axons.{cls.kind}/{cls.version} is needed.")
        if int(match[1]) > cls.version:
            raise SchemaError(
                f"{where} was written by a newer Axons (schema {schema}, this one reads up to /{cls.version}). "
                "Update Axons to open it."
            )


def parse_json(data: bytes, where: str) -> Any:
    """Parse JSON bytes; NaN and Infinity are refused, as they are not JSON."""

    def refuse(text: str) -> None:
        raise ValueError(f"{text} is not a number in JSON")

    try:
        return json.loads(data, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"{where} is not readable JSON: {error}.") from error


def problems(error: ValidationError) -> str:
    """All problems of a validation as one line: key, what is allowed, what was given."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "the whole"
        given = "" if problem["type"] == "missing" else f" (given {problem['input']!r:.60})"
        lines.append(f"{key}: {problem['msg'][0].lower() + problem['msg'][1:]}{given}")
    return "; ".join(lines)
