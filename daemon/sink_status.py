"""How far each destination of a station has got, for machines and for people."""

from __future__ import annotations

from typing import Any

import pandas as pd

from daemon.config import Config
from daemon.store import Store
from daemon.utc import utc_text

__all__ = ["sink_lines", "sink_status"]

_SHOWN = 3  # of what will never be taken


def sink_status(config: Config, store: Store) -> dict[str, Any]:
    """Return what waits, what was dropped, and each sink's state, as plain values."""
    name = config.station.name
    return {
        "waiting": store.outbox_size(name),
        "dropped": store.counter("outbox_dropped"),
        "sinks": {sink: _state(store, sink, arcs) for sink, arcs in config.sink_names().items()},
    }


def _state(store: Store, sink: str, arcs: bool) -> dict[str, Any]:
    state = store.sink_state(sink, arcs=arcs)
    return {
        "waiting": state.waiting,
        "oldest_since": _text(state.oldest),
        "delivered": state.delivered,
        "delivered_at": _text(state.delivered_at),
        "rejected": state.rejected,
        "last_rejected": [
            {"product": product, "time": time, "reason": reason}
            for product, time, reason in store.rejected(sink, last=_SHOWN)
        ],
    }


def _text(time: pd.Timestamp | None) -> str | None:
    return None if time is None else utc_text(time, "s")


def sink_lines(outbox: dict[str, Any]) -> list[str]:
    """Write it for people."""
    lines = []
    for sink, state in outbox["sinks"].items():
        line = f"{sink:<9} {state['delivered']} records delivered"
        if state["delivered_at"] is not None:
            line += f", the last at {state['delivered_at']}"
        if state["waiting"]:
            line += f"; {state['waiting']} wait, the first since {state['oldest_since']}"
        lines.append(line)
        if state["rejected"]:
            lines.append(f"  {state['rejected']} will never be taken, the last of them:")
            lines += [
                f"  {one['product']} {one['time']}: {one['reason']}"
                for one in state["last_rejected"]
            ]
    if not outbox["sinks"] and outbox["waiting"]:
        lines.append(
            f"outbox    {outbox['waiting']} records; nothing takes them: [mqtt] or [export] would"
        )
    if outbox["dropped"]:
        lines.append(f"dropped   {outbox['dropped']} records that nobody took in time")
    return lines
