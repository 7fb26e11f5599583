"""What a broker, or the network before it, says, as outcomes.

Reason codes are those of MQTT 5 (OASIS standard, 2019, section 2.4). Over MQTT 3.1.1 a broker has
no way to refuse a message: it acknowledges and drops it.
"""

from __future__ import annotations

import socket
import ssl

from paho.mqtt.reasoncodes import ReasonCode

from daemon.sinks.outcomes import Delivered, Outcome, Rejected, RetryLater, Unauthorised

__all__ = ["OFFENCES", "UNSUPPORTED_VERSION", "of_connack", "of_error", "of_puback"]

UNSUPPORTED_VERSION = 0x84
_FAILURE = 0x80

_NOT_AUTHORISED = 0x87
_QUOTA_EXCEEDED = 0x97
_QUOTA_WAIT_S = 60.0
# Of PUBACK: topic name invalid, packet too large, payload format invalid.
_NEVER = (0x90, 0x95, 0x99)
# Reasons to end a connection that lie in what was sent: malformed packet, protocol error, topic
# name invalid, packet too large, payload format invalid, retain or QoS not supported. Protocol
# error is also what the library makes of an acknowledgement with a reason that the standard does
# not have there, as Mosquitto 2.0 sends it beyond its message_size_limit.
OFFENCES = (0x81, 0x82, 0x90, 0x95, 0x99, 0x9A, 0x9B)
# Of CONNACK: what only a person puts right. Client identifier not valid, bad user name or password,
# not authorised, banned, bad authentication method, retain not supported, QoS not supported.
_REFUSALS = {
    0x85: "give another mqtt.client_id",
    0x86: "correct mqtt.username or the password",
    _NOT_AUTHORISED: "correct mqtt.username or the password, or let this user in at the broker",
    0x8A: "the broker has banned this client",
    0x8C: "the broker wants another kind of authentication",
    0x9A: "this broker keeps no messages, which availability needs",
    0x9B: "this broker does not acknowledge messages, which delivery needs",
}


def of_puback(code: ReasonCode) -> Outcome:
    """Return what the acknowledgement of a message means."""
    if code.value < _FAILURE:
        return Delivered()
    if code.value == _NOT_AUTHORISED:
        return Unauthorised(
            "the broker does not let this user publish there; add the topic to its access list"
        )
    if code.value in _NEVER:
        return Rejected(f"the broker refuses the message: {code}")
    if code.value == _QUOTA_EXCEEDED:
        return RetryLater(f"the broker says: {code}", _QUOTA_WAIT_S)
    return RetryLater(f"the broker says: {code}")


def of_connack(code: ReasonCode) -> RetryLater | Unauthorised:
    """Return what a refused connection means."""
    said = f"the broker refuses the connection: {code}"
    if code.value in _REFUSALS:
        return Unauthorised(f"{said}; {_REFUSALS[code.value]}")
    return RetryLater(said)


def of_error(error: BaseException | None) -> RetryLater | Unauthorised:
    """Return what an error of the network means, when no connection came about."""
    match error:
        case ssl.SSLCertVerificationError():
            return Unauthorised(
                f"the broker's certificate is not trusted: {error.verify_message}; give the "
                "certificate of its authority with mqtt.ca_file, in mqtt.host the name that the "
                "certificate is for, and set this computer's clock"
            )
        case ssl.SSLError():
            said = (error.reason or str(error)).lower().replace("_", " ")
            return RetryLater(f"TLS failed ({said}); does this port speak TLS?")
        case socket.gaierror():
            return RetryLater("the name is not known; correct mqtt.host, or wait for the network")
        case ConnectionRefusedError():
            return RetryLater("nothing listens there; start the broker, or correct mqtt.port")
        case TimeoutError():
            return RetryLater("no answer; correct mqtt.host, or let the port through the firewall")
        case OSError():
            return RetryLater(error.strerror or str(error) or type(error).__name__)
        case _:
            return RetryLater("no connection")
