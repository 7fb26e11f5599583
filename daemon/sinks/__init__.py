"""Where estimates go: one file per destination, behind one small interface.

A sink is given messages in the order of the outbox and answers each with a typed outcome
(`outcomes`). `make_sinks` makes those that the configuration names; a further destination is one
file here and one line in `registry`. Only this package opens connections.
"""

from daemon.sinks.backoff import backoff_s
from daemon.sinks.interface import Message, Sink
from daemon.sinks.outcomes import Delivered, Outcome, Rejected, RetryLater, Unauthorised
from daemon.sinks.registry import make_sinks
from daemon.sinks.stdout import StdoutSink

__all__ = [
    "Delivered",
    "Message",
    "Outcome",
    "Rejected",
    "RetryLater",
    "Sink",
    "StdoutSink",
    "Unauthorised",
    "backoff_s",
    "make_sinks",
]
