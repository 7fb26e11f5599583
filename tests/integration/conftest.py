"""Real servers for the tests, each on free ports and ended by its own process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.broker import Broker, Observer, need_mosquitto


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    """Factory of brokers that run."""
    need_mosquitto()
    brokers: list[Broker] = []

    def make(**others: str) -> Broker:
        broker = Broker(tmp_path / f"broker{len(brokers)}", **others)
        brokers.append(broker)
        broker.start()
        return broker

    yield make
    for broker in brokers:
        broker.close()


@pytest.fixture
def broker(make_broker: Callable[..., Broker]) -> Broker:
    """A broker that runs."""
    return make_broker()


@pytest.fixture
def observer(broker: Broker) -> Iterator[Observer]:
    """Who hears everything at the broker."""
    one = Observer(broker.port)
    yield one
    one.close()
