"""The schemas of the messages, as people get them in deploy/schemas."""

import json
from pathlib import Path
from typing import Any

import jsonschema

_FOLDER = Path(__file__).parents[3] / "deploy" / "schemas"


def schema(name: str) -> dict[str, Any]:
    """Read a schema."""
    read: dict[str, Any] = json.loads((_FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return read


def validator(name: str) -> jsonschema.Draft202012Validator:
    """Return what checks a message by a schema."""
    jsonschema.Draft202012Validator.check_schema(schema(name))
    return jsonschema.Draft202012Validator(schema(name))
