"""Reason codes of MQTT 5 (OASIS 2019, tables 2-6 and 3-1), as outcomes."""

import socket
import ssl

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from daemon.sinks.mqtt_reasons import of_connack, of_error, of_puback
from daemon.sinks.outcomes import Delivered, Rejected, RetryLater, Unauthorised


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x00, Delivered),
        (0x10, Delivered),  # nobody listens, which is no fault
        (0x80, RetryLater),
        (0x87, Unauthorised),
        (0x90, Rejected),
        (0x97, RetryLater),
        (0x99, Rejected),
    ],
)
def test_acknowledgements(code, kind):
    assert isinstance(of_puback(ReasonCode(PacketTypes.PUBACK, identifier=code)), kind)


def test_a_quota_is_given_time():
    outcome = of_puback(ReasonCode(PacketTypes.PUBACK, identifier=0x97))
    assert isinstance(outcome, RetryLater)
    assert outcome.after_s == 60.0


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        (0x85, Unauthorised, "mqtt.client_id"),
        (0x86, Unauthorised, "mqtt.username"),
        (0x87, Unauthorised, "mqtt.username"),
        (0x88, RetryLater, "unavailable"),
        (0x89, RetryLater, "busy"),
        (0x8A, Unauthorised, "anned"),
        (0x9F, RetryLater, "rate"),
    ],
)
def test_refused_connections(code, kind, word):
    outcome = of_connack(ReasonCode(PacketTypes.CONNACK, identifier=code))
    assert isinstance(outcome, kind)
    assert word in outcome.reason


def of_openssl(kind, **attributes):
    """An error as OpenSSL's binding makes it, which sets attributes that the class does not."""
    error = kind(1, "x")
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (
            of_openssl(ssl.SSLCertVerificationError, verify_message="self-signed certificate"),
            Unauthorised,
            "self-signed certificate; give the certificate of its authority with mqtt.ca_file",
        ),
        (of_openssl(ssl.SSLError, reason="WRONG_VERSION_NUMBER"), RetryLater, "wrong version num"),
        (socket.gaierror(-2, "Name or service not known"), RetryLater, "mqtt.host"),
        (ConnectionRefusedError(111, "Connection refused"), RetryLater, "mqtt.port"),
        (TimeoutError("timed out"), RetryLater, "firewall"),
        (OSError(113, "No route to host"), RetryLater, "No route to host"),
        (None, RetryLater, "no connection"),
    ],
)
def test_errors_of_the_network(error, kind, word):
    outcome = of_error(error)
    assert isinstance(outcome, kind)
    assert word in outcome.reason
