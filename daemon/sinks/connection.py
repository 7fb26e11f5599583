"""The connection to the broker, kept up by a thread of its own.

MQTT 5, and 3.1.1 where the broker refuses 5. A lost connection comes back by itself with growing
waits; password and certificates are read anew at each attempt.
"""

from __future__ import annotations

import logging
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from daemon.sections import MqttSection
from daemon.sinks.backoff import backoff_s
from daemon.sinks.flight import Flight, Key
from daemon.sinks.mqtt_client import QOS, WINDOW, NotReadyError, make_client, subscriptions
from daemon.sinks.mqtt_reasons import (
    OFFENCES,
    UNSUPPORTED_VERSION,
    of_connack,
    of_error,
    of_puback,
)
from daemon.sinks.outcomes import Delivered, Outcome, Rejected, RetryLater, Unauthorised

__all__ = ["Connection", "Limits", "Listener"]

_LOG = logging.getLogger(__name__)

# A connection that was up for so long counts as one that worked.
_STEADY_S = 30.0
# Of a PUBLISH packet beside topic and payload: header, lengths, identifier, properties.
_PACKET_BYTES = 16
# So many failures that the wait is the longest.
_MANY = 64

Trouble = RetryLater | Unauthorised


# Messages about the station itself that may be on their way beside estimates.
_BESIDE = 3


@dataclass(frozen=True)
class Limits:
    """What the broker said it takes.

    Attributes
    ----------
    packet : int or None
        Most bytes of a packet.
    retains : bool
        Whether it keeps messages.
    window : int
        Estimates and arcs on their way at once.
    """

    packet: int | None = None
    retains: bool = True
    window: int = WINDOW


class Listener(Protocol):
    """Who is told of what happens; all from the connection's thread."""

    def connected(self) -> None:
        """Take the news that there is a connection."""

    def subscribed(self, refused: Sequence[str]) -> None:
        """Take the broker's answer to the subscriptions, some of which it may have refused."""

    def heard(self, topic: str, payload: bytes, kept: bool) -> None:
        """Take a message, kept by the broker from before or new."""


class Connection:
    """One client at one broker.

    Parameters
    ----------
    section : MqttSection
        Where, as whom, and how.
    client_id : str
        Name of the client at the broker, which holds one connection per name.
    listener : Listener
        Who is told.
    will : str or None
        Topic on which the broker says ``offline``, and keeps it, when the connection breaks.
    topics : sequence of str
        What is subscribed to at every connection.
    loud : bool
        Whether troubles are logged as such; false where someone is told of them anyhow.
    backoff : callable
        Wait before the next attempt, see `backoff_s`.
    """

    def __init__(
        self,
        section: MqttSection,
        client_id: str,
        listener: Listener,
        *,
        will: str | None = None,
        topics: Sequence[str] = (),
        loud: bool = True,
        backoff: Callable[[int, float], float] = backoff_s,
    ) -> None:
        self._section = section
        self._client_id = client_id
        self._listener = listener
        self._will = will
        self._topics = tuple(topics)
        self._loud = loud
        self._backoff = backoff
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._client: paho.Client | None = None
        self.changed = threading.Condition()
        self.flight = Flight(self.changed)
        self.limits = Limits()
        self.trouble: Trouble | None = None
        self._up_since: float | None = None
        self._pending = False  # the broker has not answered an attempt yet
        self._failures = 0
        self._told = ""
        self._offenders: tuple[Key, ...] = ()

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self._section.host}:{self._section.port_used}"

    @property
    def up(self) -> bool:
        """Whether there is a connection now."""
        return self._up_since is not None and self._client is not None

    def start(self) -> None:
        """Begin to connect, without waiting; once started, see to it that the thread lives."""
        if self._client is None:
            self._open()
        elif self._client.loop_start() == paho.MQTT_ERR_SUCCESS:
            # It answers so only when there was no thread: an error nobody foresaw has ended it.
            _LOG.error("mqtt %s: the thread of the connection had ended; begun anew", self.place)
            self.stop(0.0)
            self._open()

    def publish(self, topic: str, payload: str, *, retain: bool, key: Key) -> bool:
        """Hand a message to the client; False, and nothing done, without a connection.

        One that is larger than the broker takes is answered at once, for the broker would end the
        connection.
        """
        client = self._client
        if client is None or not self.up or not client.is_connected():
            return False
        n_bytes = len(topic.encode()) + len(payload.encode()) + _PACKET_BYTES
        if self.limits.packet is not None and n_bytes > self.limits.packet:
            refusal = Rejected(f"it takes {n_bytes} bytes, the broker {self.limits.packet} at most")
            self.flight.settle(key, refusal)
            self._tell_refused(key, refusal)
            return True
        mark = self.flight.mark()
        sent = client.publish(topic, payload, QOS, retain and self.limits.retains)
        early = self.flight.sent(sent.mid, key, mark)
        if early is not None:
            self._tell_refused(key, early)
        return True

    def take_offenders(self) -> tuple[Key, ...]:
        """Return what was on its way when the broker ended the connection over it, once."""
        offenders, self._offenders = self._offenders, ()
        return offenders

    def stop(self, timeout_s: float) -> None:
        """Say DISCONNECT, after which the broker forgets the last will, and end the thread."""
        client, self._client = self._client, None
        if client is None:
            return
        client.disconnect()
        # The library waits without an end for a thread that may be looking up a name.
        ending = threading.Thread(target=client.loop_stop, daemon=True)
        ending.start()
        ending.join(timeout_s)
        self._up_since = None
        self.flight.clear()

    def _open(self) -> None:
        """Make the client and let it connect."""
        client = make_client(self._section, self._client_id, self._protocol, self._will)
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client
        client.loop_start()

    def _on_socket_open(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        self._pending = True

    def _on_connect(
        self,
        client: paho.Client,
        userdata: Any,
        flags: paho.ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if client is not self._client:
            return
        if code.value == UNSUPPORTED_VERSION and self._protocol == MQTTProtocolVersion.MQTTv5:
            _LOG.info("mqtt %s: the broker refuses MQTT 5; going on with 3.1.1", self.place)
            self._protocol = MQTTProtocolVersion.MQTTv311
            client.disconnect()
            self.flight.clear()
            self._open()
            return
        self._pending = False
        if code.is_failure:
            self._failed(of_connack(code))
            return
        self.limits = Limits(
            getattr(properties, "MaximumPacketSize", None),
            bool(getattr(properties, "RetainAvailable", 1)),
            # The library does not heed it, and a broker ends a connection with more on its way.
            max(1, min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW) - _BESIDE)),
        )
        _LOG.info(
            "mqtt %s: connected (MQTT %s%s)",
            self.place,
            "5" if self._protocol == MQTTProtocolVersion.MQTTv5 else "3.1.1",
            ", TLS" if self._section.encrypted else "",
        )
        self._up_since = time.monotonic()
        if self._topics:
            client.subscribe(subscriptions(self._topics, self._protocol))
        self._listener.connected()
        # Last, for now others may publish.
        with self.changed:
            self.trouble = None
            self.changed.notify_all()

    def _on_connect_fail(self, client: paho.Client, userdata: Any) -> None:
        if client is not self._client:
            return
        # The library calls this while it handles the error, and does not hand it on.
        error = sys.exception()
        if isinstance(error, NotReadyError):
            self._failed(Unauthorised(str(error)))
        else:
            self._failed(of_error(error))

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: Any,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if client is not self._client:
            return
        since, self._up_since = self._up_since, None
        pending, self._pending = self._pending, False
        if since is None and not pending:
            return  # told before: of a refusal, or twice by the library after a time-out
        if since is not None and time.monotonic() - since > _STEADY_S:
            self._failures, self._told = 0, ""
        if since is not None and code.value in OFFENCES:
            # The library would send again what the broker took offence at, for ever.
            self._offenders = tuple(self.flight.drop())
            client.drop_out_messages()
        was = "lost" if since is not None else "closed before the broker answered"
        self._failed(RetryLater(f"the connection was {was}: {code}"))

    def _failed(self, trouble: Trouble) -> None:
        """Take note of a failure, tell it once, and set the wait before the next attempt."""
        self._failures += 1
        slow = isinstance(trouble, Unauthorised)
        # Where only a person can put it right, the longest wait from the first.
        wait_s = self._backoff(_MANY if slow else self._failures, random.random())  # noqa: S311
        if self._client is not None:
            # Typed as whole seconds, which is too coarse for jitter; it adds and compares them.
            self._client.reconnect_delay_set(wait_s, wait_s)  # type: ignore[arg-type]
        if trouble.reason != self._told:
            level = logging.ERROR if slow else logging.WARNING
            _LOG.log(
                level if self._loud else logging.DEBUG, "mqtt %s: %s", self.place, trouble.reason
            )
            self._told = trouble.reason
        with self.changed:
            self.trouble = type(trouble)(f"{self.place}: {trouble.reason}")
            self.changed.notify_all()

    def _tell_refused(self, key: Key | None, outcome: Outcome) -> None:
        """Tell of what is no message and was not taken; of messages their outcome tells."""
        if isinstance(key, str) and not isinstance(outcome, Delivered):
            _LOG.warning("mqtt %s: %s: %s", self.place, key, outcome.reason)

    def _on_publish(
        self,
        client: paho.Client,
        userdata: Any,
        packet: int,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if client is self._client:
            outcome = of_puback(code)
            self._tell_refused(self.flight.answered(packet, outcome), outcome)

    def _on_subscribe(
        self,
        client: paho.Client,
        userdata: Any,
        packet: int,
        codes: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        if client is self._client:
            refused = [t for t, code in zip(self._topics, codes, strict=False) if code.is_failure]
            self._listener.subscribed(refused)
            with self.changed:
                self.changed.notify_all()

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        if client is self._client:
            self._listener.heard(message.topic, bytes(message.payload), message.retain)
            with self.changed:
                self.changed.notify_all()
