"""A record as the text of a message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["payload_text"]


def payload_text(record: Mapping[str, Any]) -> str:
    """Write a record as JSON on one line, in the order of its keys.

    Raises
    ------
    ValueError
        It holds a number that is not finite, or what JSON does not know.

    Examples
    --------
    >>> payload_text({"time": "2026-11-24T00:15:00Z", "vwc": None})
    '{"time":"2026-11-24T00:15:00Z","vwc":null}'
    """
    try:
        return json.dumps(dict(record), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError as error:
        raise ValueError(str(error)) from error
