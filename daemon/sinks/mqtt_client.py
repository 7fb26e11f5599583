"""The client library, set up for one attempt after the other."""

from __future__ import annotations

from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from daemon.errors import ConfigError
from daemon.sections import MqttSection
from daemon.sinks.secret import SecretSource
from daemon.sinks.tls import client_context, load_certificates

__all__ = ["OFFLINE", "QOS", "WINDOW", "NotReadyError", "make_client", "subscriptions"]

QOS = 1
OFFLINE = "offline"

# A host that does not answer must not hold an attempt for long.
_CONNECT_TIMEOUT_S = 5.0
# Packets on their way at once.
WINDOW = 20


class NotReadyError(OSError):
    """An attempt cannot be made; of the kind of error after which the library tries again."""


def make_client(
    section: MqttSection, client_id: str, protocol: MQTTProtocolVersion, will: str | None
) -> paho.Client:
    """Return a client that is to connect once its loop is started.

    Parameters
    ----------
    section : MqttSection
        Where, as whom, and how.
    client_id : str
        Name of the client at the broker.
    protocol : MQTTProtocolVersion
        5 or 3.1.1.
    will : str or None
        Topic on which the broker says ``offline``, and keeps it, when the connection breaks.
    """
    five = protocol == MQTTProtocolVersion.MQTTv5
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if five else True,
        protocol=protocol,
    )
    client.connect_timeout = _CONNECT_TIMEOUT_S
    client.max_inflight_messages_set(WINDOW)
    context = client_context() if section.encrypted else None
    if context is not None:
        client.tls_set_context(context)
    if will is not None:
        client.will_set(will, OFFLINE, QOS, retain=True)
    secret = SecretSource(
        "mqtt.password_file", section.password_file, "mqtt_password", "SOILGLINT_MQTT_PASSWORD"
    )

    def before_connecting(client: paho.Client, userdata: Any) -> None:
        """Read password and certificates as they are now."""
        try:
            if context is not None:
                load_certificates(context, section)
            if section.username is not None:
                client.username_pw_set(section.username, secret.read())
        except ConfigError as error:
            raise NotReadyError(str(error)) from error

    client.on_pre_connect = before_connecting
    client.connect_async(
        section.host,
        section.port_used,
        section.keepalive_s,
        clean_start=True if five else paho.MQTT_CLEAN_START_FIRST_ONLY,
    )
    return client


def subscriptions(
    topics: tuple[str, ...], protocol: MQTTProtocolVersion
) -> list[tuple[str, SubscribeOptions]] | list[tuple[str, int]]:
    """Return topics with the options of the protocol; where it can, without our own echo."""
    if protocol == MQTTProtocolVersion.MQTTv5:
        return [(topic, SubscribeOptions(qos=QOS, noLocal=True)) for topic in topics]
    return [(topic, QOS) for topic in topics]
