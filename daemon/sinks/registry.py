"""The sinks that a configuration names."""

from __future__ import annotations

from collections.abc import Callable

from daemon.config import Config
from daemon.sinks.interface import Sink

__all__ = ["make_sinks"]


def _mqtt(config: Config) -> Sink | None:
    if config.mqtt is None:
        return None
    from daemon.sinks.mqtt import MqttSink

    return MqttSink(config.mqtt, config.station.name)


def _export(config: Config) -> Sink | None:
    if config.export is None:
        return None
    from daemon.sinks.export import ExportSink

    return ExportSink(config.export)


# One line per destination; each imports its library when the configuration names it.
_MAKERS: tuple[Callable[[Config], Sink | None], ...] = (_mqtt, _export)


def make_sinks(config: Config) -> list[Sink]:
    """Return the sinks of a configuration, none of them started."""
    return [sink for make in _MAKERS if (sink := make(config)) is not None]
