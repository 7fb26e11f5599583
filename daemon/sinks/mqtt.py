"""Estimates to an MQTT broker, with availability and Home Assistant discovery.

`docs/messages.md` says what goes where. Messages of one call are published one after the other and
their acknowledgements awaited together; one that is not acknowledged in time stays with the
client, which sends it again by itself after a lost connection, and is only waited for next time.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Sequence

from daemon.sections import MqttSection
from daemon.sinks.backoff import backoff_s
from daemon.sinks.connection import Connection
from daemon.sinks.discovery import discovery_message, discovery_topic
from daemon.sinks.interface import Message
from daemon.sinks.mqtt_client import OFFLINE
from daemon.sinks.outcomes import Outcome, Rejected, RetryLater, Unauthorised
from daemon.sinks.payload import payload_text
from daemon.sinks.retained import RetainedTimes
from daemon.sinks.suspects import Suspects
from daemon.sinks.topics import Topics

__all__ = ["MqttSink"]

_LOG = logging.getLogger(__name__)

# A call blocks no longer than that.
_WAIT_S = 4.0
# What a broker keeps follows its answer to a subscription; some send it after a moment only.
_KEPT_WAIT_S = 1.0


class MqttSink:
    """One station at one broker.

    Parameters
    ----------
    section : MqttSection
        Where, as whom, and how.
    station : str
        Name of the station.
    wait_s : float
        How long a call of `deliver` may block, seconds.
    backoff : callable
        Wait before the next attempt to connect, see `backoff_s`.
    """

    name = "mqtt"
    batch = 20

    def __init__(
        self,
        section: MqttSection,
        station: str,
        *,
        wait_s: float = _WAIT_S,
        backoff: Callable[[int, float], float] = backoff_s,
    ) -> None:
        self._section = section
        self._wait_s = wait_s
        self._topics = Topics(section.topic_prefix, station, section.host_name or _host_name())
        self._client_id = section.client_id or f"soilglint-{station}"
        self._kept = RetainedTimes(self._topics.kept)
        self._birth = f"{section.discovery_prefix}/status"
        self._discovery = discovery_topic(section.discovery_prefix, station)
        self._connection = Connection(
            section,
            self._client_id,
            self,
            will=self._topics.status,
            topics=[
                *self._topics.kept,
                self._topics.status,
                *([self._birth] if section.discovery else []),
            ],
            backoff=backoff,
        )
        self._flight, self._changed = self._connection.flight, self._connection.changed
        self._known_from: float | None = None  # monotonic; when what the broker keeps is known
        self._stopping = False
        self._suspects = Suspects()
        self._discovers = section.discovery
        self._told_kept = ""
        self._told_host = False

    @property
    def wants_arcs(self) -> bool:
        """Whether arcs are published too."""
        return self._section.arcs

    def start(self) -> None:
        """Begin to connect."""
        self._connection.start()

    def deliver(self, messages: Sequence[Message]) -> list[Outcome]:
        """Publish messages and wait for their acknowledgements."""
        if not messages:
            return []
        if self._stopping:
            return [RetryLater("the service is ending")]
        until = time.monotonic() + self._wait_s
        self._connection.start()
        self._flight.keep([message.number for message in messages])
        trouble = self._await_ready(until)
        if trouble is not None:
            return [trouble]
        messages = messages[: self._connection.limits.window]
        self._suspects.forget_before(messages[0].number)
        if self._suspects:
            messages = messages[:1]
            if not self._discovery_taken(until):
                return [self._unanswered()]
        for message in messages:
            if not self._flight.knows(message.number) and not self._send(message):
                break
        outcomes: list[Outcome] = []
        for message in messages:
            outcome = self._flight.wait(message.number, until, lambda: not self._connection.up)
            if outcome is None:
                outcomes.append(self._unanswered())
                break
            outcomes.append(outcome)
            self._suspects.clear(message.number)
            self._flight.take(message.number)  # told; when it is given again it is sent again
            if isinstance(outcome, RetryLater | Unauthorised):
                break
        return outcomes

    def reach(self, timeout_s: float) -> str | None:
        """Connect under another name, so that a service that runs keeps its connection."""
        connection = Connection(self._section, f"{self._client_id}-check", _Deaf(), loud=False)
        connection.start()
        with connection.changed:
            connection.changed.wait_for(
                lambda: connection.up or connection.trouble is not None, timeout_s
            )
        trouble = None if connection.up else connection.trouble
        up = connection.up
        connection.stop(1.0)
        if up:
            return None
        return trouble.reason if trouble else f"{connection.place}: no answer in {timeout_s:g} s"

    def stop(self, timeout_s: float) -> None:
        """Say that the station is offline, then DISCONNECT."""
        until = time.monotonic() + timeout_s
        self._stopping = True
        if self._connection.up:
            for topic in (self._topics.availability, self._topics.status):
                self._flight.take(topic)
                self._connection.publish(topic, OFFLINE, retain=True, key=topic)
            for topic in (self._topics.availability, self._topics.status):
                self._flight.wait(topic, until, lambda: not self._connection.up)
        self._connection.stop(max(0.1, until - time.monotonic()))

    def connected(self) -> None:
        """Announce the station; called by the connection."""
        self._known_from = None
        self._kept.forget()
        if self._stopping:
            return
        self._blame()
        self._announce(self._topics.status, "online")
        self._announce(self._topics.availability, "online")
        self._discover()

    def subscribed(self, refused: Sequence[str]) -> None:
        """Take note that what the broker keeps comes now; called by the connection."""
        if refused:
            _LOG.warning(
                "mqtt %s: the broker does not let this user read %s: a newer estimate that it "
                "keeps cannot be told from an older one; let the user read them",
                self._connection.place,
                ", ".join(refused),
            )
        self._known_from = time.monotonic() + _KEPT_WAIT_S

    def heard(self, topic: str, payload: bytes, kept: bool) -> None:
        """Take note of what is on the topics; called by the connection."""
        if topic == self._birth:
            if payload == b"online" and not kept:
                self._discover()
        elif topic == self._topics.status:
            if payload == OFFLINE.encode() and not kept and not self._stopping:
                self._stay_online()
        else:
            self._kept.hear(topic, payload)
            if self._kept.all_heard():
                self._known_from = time.monotonic()

    def _await_ready(self, until: float) -> Outcome | None:
        """Wait until there is a connection and what the broker keeps is known."""
        connection = self._connection
        with self._changed:
            self._changed.wait_for(
                lambda: connection.trouble is not None or self._known_from is not None,
                until - time.monotonic(),
            )
            if connection.trouble is None and self._known_from is not None:
                self._changed.wait_for(
                    lambda: (
                        connection.trouble is not None
                        or time.monotonic() >= (self._known_from or 0.0)
                    ),
                    self._known_from - time.monotonic(),
                )
            if connection.trouble is not None:
                return connection.trouble
            return None if connection.up and self._known_from is not None else self._unanswered()

    def _unanswered(self) -> Outcome:
        """Return why there is no answer."""
        if self._connection.trouble is not None:
            return self._connection.trouble
        return RetryLater(f"{self._connection.place}: no answer in {self._wait_s:g} s")

    def _send(self, message: Message) -> bool:
        """Publish a message; False when the connection is gone."""
        try:
            topic, payload = self._topics.of(message.product), payload_text(message.record)
        except (KeyError, ValueError) as error:
            self._flight.settle(
                message.number, Rejected(f"{message.product} of {message.time}: {error}")
            )
            return True
        retain = (
            message.newest and topic in self._topics.kept and self._newest_there(topic, message)
        )
        if not self._connection.publish(topic, payload, retain=retain, key=message.number):
            return False
        if retain:
            self._kept.hear(topic, payload.encode())
        return True

    def _newest_there(self, topic: str, message: Message) -> bool:
        """Whether the broker keeps nothing later; told once when it does."""
        later = self._kept.later_than(topic, message.time)
        if later is None:
            return True
        if self._told_kept != later:
            self._told_kept = later
            _LOG.warning(
                "mqtt %s: %s holds an estimate of %s, later than %s, which is sent but does not "
                "take its place; if no other host sends for this station, publish an empty "
                "retained message there",
                self._connection.place,
                topic,
                later,
                message.time,
            )
        return False

    def _announce(self, topic: str, payload: str) -> None:
        """Publish what the broker is to keep, unless it is still on its way."""
        if not self._flight.is_open(topic):
            self._connection.publish(topic, payload, retain=True, key=topic)

    def _discover(self) -> None:
        """Tell Home Assistant of the station."""
        if self._discovers and self._discovery not in self._suspects:
            self._publish_discovery()

    def _publish_discovery(self) -> None:
        self._announce(self._discovery, payload_text(discovery_message(self._topics)))

    def _blame(self) -> None:
        """Put an end to what the broker ends connections over."""
        harmless = (self._topics.availability, self._topics.status)
        offenders = [key for key in self._connection.take_offenders() if key not in harmless]
        guilty = self._suspects.blame(offenders)
        reason = "the broker ended the connection over it"
        if isinstance(guilty, int):
            self._flight.settle(guilty, Rejected(reason))
        elif guilty is not None:
            self._discovers = False
            _LOG.error("mqtt %s: %s: %s; not sent again", self._connection.place, guilty, reason)

    def _discovery_taken(self, until: float) -> bool:
        """Whether discovery is no suspect, after sending it by itself where it is."""
        if self._discovery not in self._suspects:
            return True
        self._flight.take(self._discovery)
        self._publish_discovery()
        taken = self._flight.wait(self._discovery, until, lambda: not self._connection.up)
        if taken is not None:
            self._suspects.clear(self._discovery)
        return taken is not None

    def _stay_online(self) -> None:
        """Take back what another service said of this host, which is online while we are."""
        self._announce(self._topics.status, "online")
        if not self._told_host:
            self._told_host = True
            _LOG.warning(
                "mqtt %s: another client said offline on %s; where several services share a host, "
                "give each its own mqtt.host_name, so that the end of one can be told",
                self._connection.place,
                self._topics.status,
            )


class _Deaf:
    """Listens to nothing."""

    def connected(self) -> None:
        """Nothing is announced."""

    def subscribed(self, refused: Sequence[str]) -> None:
        """Nothing is subscribed to."""

    def heard(self, topic: str, payload: bytes, kept: bool) -> None:
        """Nothing is heard."""


def _host_name() -> str:
    """Return the computer's name, as one level of a topic."""
    name = socket.gethostname() or "host"
    return "".join("-" if letter in "+#/\0" else letter for letter in name)
