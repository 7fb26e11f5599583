"""Where results go, and whether it can be reached now."""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path

from daemon.check.finding import Finding, Level
from daemon.config import Config
from daemon.sections import MqttSection
from daemon.sinks import Sink, make_sinks

__all__ = ["sink_findings"]

_WAIT_S = 5.0


def sink_findings(config: Config) -> list[Finding]:
    """Reach every sink, for up to 5 s each, and say what is wrong."""
    sinks = make_sinks(config)
    if not sinks:
        text = "none: results stay in the store; name [mqtt] or [export] to send them somewhere"
        return [Finding(Level.OK, "sinks", text)]
    return [*(_reached(sink, config) for sink in sinks), *_mqtt_notes(config.mqtt), *_own(config)]


def _reached(sink: Sink, config: Config) -> Finding:
    """Say whether a sink can be reached; while it cannot, the outbox keeps what is to go there."""
    wrong = sink.reach(_WAIT_S)
    if wrong is None:
        return Finding(Level.OK, sink.name, f"reached{_described(sink.name, config)}")
    return Finding(Level.MISSING, sink.name, wrong)


def _described(name: str, config: Config) -> str:
    """Say what a sink is."""
    mqtt, export = config.mqtt, config.export
    if name == "mqtt" and mqtt is not None:
        tls = "with TLS" if mqtt.encrypted else "without TLS"
        user = f" as {mqtt.username}" if mqtt.username else ""
        return (
            f": {mqtt.host}:{mqtt.port_used} {tls}{user}; topics below "
            f"{mqtt.topic_prefix}/{config.station.name}"
        )
    if name == "export" and export is not None:
        return f": {export.path}, one {export.format} file per product and UTC day"
    return ""


def _mqtt_notes(mqtt: MqttSection | None) -> list[Finding]:
    """Tell of a password that others can see."""
    if mqtt is None:
        return []
    notes = []
    if mqtt.username and not mqtt.encrypted and not _here(mqtt.host):
        text = "without TLS the password goes over the network as it is; set it, and mqtt.ca_file"
        notes.append(Finding(Level.NOTE, "mqtt.tls", text))
    if mqtt.password_file is not None and _read_by_all(mqtt.password_file):
        text = f"{mqtt.password_file}: every user of this computer may read it; give it mode 0600"
        notes.append(Finding(Level.NOTE, "mqtt.password_file", text))
    return notes


def _own(config: Config) -> list[Finding]:
    """Tell of files that would come in again."""
    export = config.export
    if export is None or export.path.resolve() != config.inbox.path.resolve():
        return []
    text = f"{export.path}: is the inbox, where its files would be taken in; name another folder"
    return [Finding(Level.FAULT, "export.path", text)]


def _here(host: str) -> bool:
    """Whether a host is this computer."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_by_all(path: Path) -> bool:
    """Whether others may read a file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
