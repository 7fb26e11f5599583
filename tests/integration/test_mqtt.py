"""The MQTT sink at a real broker: what arrives, what is kept, and what becomes of faults."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from daemon.sections import MqttSection
from daemon.sinks import Delivered, Message, Rejected, RetryLater, Unauthorised
from daemon.sinks.mqtt import MqttSink
from tests.daemon.sinks.conftest import RECORD
from tests.daemon.sinks.schemas import validator
from tests.integration.broker import (
    PASSWORD,
    USER,
    Observer,
    eventually,
    kept_by,
    make_authority,
)

# The library leaves the socket of a handshake that failed to the collector.
UNCLOSED = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")

LIVE, DAILY = "soilglint/mchl/soil_moisture", "soilglint/mchl/soil_moisture/daily"
ARCS = "soilglint/mchl/arcs"
AVAILABILITY, STATUS = "soilglint/mchl/availability", "soilglint/status/box1"
DISCOVERY = "homeassistant/device/soilglint_mchl/config"


def at(quarter):
    """UTC text of a quarter of an hour of one day."""
    return f"2026-11-24T{quarter // 4:02d}:{quarter % 4 * 15:02d}:00Z"


def message(number, quarter=None, *, newest=True, **values):
    time_ = at(number if quarter is None else quarter)
    record = {**RECORD, "time": time_, **values}
    return Message(number, "mchl", record["product"], time_, record, newest)


@pytest.fixture
def make_sink(tmp_path):
    """Factory of sinks at a broker, started; each ends with its test."""
    sinks = []
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")

    def make(broker, *, start=True, wait_s=3.0, **keys):
        keys = {
            "host": "127.0.0.1",
            "port": broker.port,
            "username": USER,
            "password_file": password,
            "keepalive_s": 5,
            "host_name": "box1",
            **keys,
        }
        sink = MqttSink(
            MqttSection(**keys), "mchl", wait_s=wait_s, backoff=lambda failures, draw: 0.2
        )
        sinks.append(sink)
        if start:
            sink.start()
        return sink

    yield make
    for sink in sinks:
        sink.stop(2.0)


def delivered(sink, messages, timeout_s=40.0):
    """Deliver messages as the service does: what is done is not given again."""
    until = time.monotonic() + timeout_s
    while messages:
        assert time.monotonic() < until, f"{len(messages)} messages left"
        outcomes = sink.deliver(messages[: sink.batch])
        assert outcomes
        assert all(isinstance(outcome, Delivered | RetryLater) for outcome in outcomes), outcomes
        messages = messages[sum(isinstance(outcome, Delivered) for outcome in outcomes) :]
        if isinstance(outcomes[-1], RetryLater):
            time.sleep(0.1)


class TestWhatArrives:
    def test_estimates_arrive_whole_and_in_order_and_the_newest_is_kept(
        self, broker, observer, make_sink
    ):
        sink = make_sink(broker)
        messages = [
            message(1),
            message(2, vwc=None, vwc_lower=None, vwc_upper=None, flag="snow"),
            message(3, 96 // 2, product="daily"),
            message(4, 3),
        ]
        delivered(sink, messages)
        eventually(lambda: len(observer.on(LIVE)) == 3 and observer.on(DAILY))
        live = observer.records(LIVE)
        assert live == [dict(messages[at_].record) for at_ in (0, 1, 3)]
        assert observer.records(DAILY) == [dict(messages[2].record)]
        for record in live:
            validator("estimate").validate(record)
        kept = kept_by(broker.port)
        assert set(kept) == {LIVE, DAILY, AVAILABILITY, STATUS}
        assert f'"time":"{at(3)}"' in kept[LIVE]

    def test_what_is_not_newest_is_sent_and_not_kept(self, broker, observer, make_sink):
        sink = make_sink(broker)
        delivered(sink, [message(1, 8), message(2, 4, newest=False)])
        eventually(lambda: len(observer.on(LIVE)) == 2)
        assert f'"time":"{at(8)}"' in kept_by(broker.port)[LIVE]

    def test_a_newer_one_that_another_host_left_is_not_replaced(self, broker, observer, make_sink):
        observer.publish(LIVE, f'{{"time": "{at(40)}", "vwc": 0.2}}', retain=True)
        sink = make_sink(broker)
        # A store that was restored believes that its own are the newest.
        delivered(sink, [message(1, 39)])
        eventually(lambda: len(observer.on(LIVE)) == 2)
        assert at(40) in kept_by(broker.port)[LIVE]
        delivered(sink, [message(2, 40, revision=2)])
        assert '"revision":2' in kept_by(broker.port)[LIVE]
        delivered(sink, [message(3, 41)])
        assert at(41) in kept_by(broker.port)[LIVE]

    def test_one_that_another_host_sends_meanwhile_is_not_replaced(
        self, broker, observer, make_sink
    ):
        sink = make_sink(broker)
        delivered(sink, [message(1, 10)])
        observer.publish(LIVE, f'{{"time": "{at(40)}"}}', retain=True)
        time.sleep(0.3)
        delivered(sink, [message(2, 11)])
        assert at(40) in kept_by(broker.port)[LIVE]
        # Taken away by hand, it holds nothing up any more.
        observer.publish(LIVE, "", retain=True)
        time.sleep(0.3)
        delivered(sink, [message(3, 12)])
        assert at(12) in kept_by(broker.port)[LIVE]

    def test_arcs_are_sent_and_not_kept(self, broker, observer, make_sink):
        sink = make_sink(broker, arcs=True)
        assert sink.wants_arcs
        assert not make_sink(broker, start=False).wants_arcs
        arc = Message(1, "mchl", "arc", at(1), {"satellite": "G27"}, True)
        delivered(sink, [arc])
        eventually(lambda: observer.records(ARCS) == [{"satellite": "G27"}])
        assert ARCS not in kept_by(broker.port)

    def test_what_is_given_again_after_it_was_delivered_is_sent_again(
        self, broker, observer, make_sink
    ):
        # As `soilglint replay` does.
        sink = make_sink(broker)
        delivered(sink, [message(1), message(2)])
        delivered(sink, [message(1), message(2)])
        eventually(lambda: len(observer.on(LIVE)) == 4)

    def test_other_prefixes(self, make_broker, make_sink):
        broker = make_broker(acl=f"user {USER}\ntopic readwrite farm/#\nuser observer\ntopic #\n")
        sink = make_sink(broker, topic_prefix="farm/gnss")
        delivered(sink, [message(1)])
        assert set(kept_by(broker.port)) == {
            "farm/gnss/mchl/soil_moisture",
            "farm/gnss/mchl/availability",
            "farm/gnss/status/box1",
        }

    def test_what_is_no_json_is_set_aside(self, broker, make_sink):
        sink = make_sink(broker)
        outcomes = sink.deliver([message(1, vwc=float("nan")), message(2)])
        assert isinstance(outcomes[0], Rejected)
        assert outcomes[1] == Delivered()


class TestAvailability:
    def test_online_while_it_runs_and_offline_after_a_clean_stop(self, broker, observer, make_sink):
        sink = make_sink(broker)
        eventually(lambda: observer.on(AVAILABILITY) and observer.on(STATUS))
        kept = kept_by(broker.port)
        assert (kept[AVAILABILITY], kept[STATUS]) == ("online", "online")
        for topic in (AVAILABILITY, STATUS):
            validator("availability").validate(kept[topic])
        sink.stop(5.0)
        kept = kept_by(broker.port)
        assert (kept[AVAILABILITY], kept[STATUS]) == ("offline", "offline")
        # Neither does a late call bring the station back.
        assert isinstance(sink.deliver([message(1)])[0], RetryLater)
        # The last will was taken back with the DISCONNECT: offline came once on each.
        assert observer.on(STATUS) == ["online", "offline"]

    def test_the_last_will_speaks_for_a_process_that_was_killed(self, broker, observer, tmp_path):
        code = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from daemon.sections import MqttSection\n"
            "from daemon.sinks.mqtt import MqttSink\n"
            "sink = MqttSink(MqttSection(host='127.0.0.1', port=int(sys.argv[1]), "
            "username='station', host_name='box1'), 'mchl')\n"
            "sink.start()\n"
            "time.sleep(60)\n"
        )
        environment = {"SOILGLINT_MQTT_PASSWORD": PASSWORD, "PYTHONPATH": ":".join(sys.path)}
        with subprocess.Popen(
            [sys.executable, "-c", code, str(broker.port)], env=environment
        ) as child:
            try:
                eventually(lambda: observer.on(AVAILABILITY) == ["online"])
            finally:
                child.send_signal(signal.SIGKILL)
        eventually(lambda: observer.on(STATUS) == ["online", "offline"])
        kept = kept_by(broker.port)
        # The connection has one last will, which is the host's; both count.
        assert (kept[STATUS], kept[AVAILABILITY]) == ("offline", "online")

    def test_a_host_stays_online_when_another_service_of_it_ends(
        self, broker, observer, make_sink, caplog
    ):
        make_sink(broker)
        eventually(lambda: observer.on(STATUS) == ["online"])
        observer.publish(STATUS, "offline", retain=True)
        eventually(lambda: kept_by(broker.port)[STATUS] == "online")
        assert "mqtt.host_name" in caplog.text


class TestDiscovery:
    def test_home_assistant_learns_of_the_station_and_again_after_its_birth(
        self, broker, observer, make_sink
    ):
        make_sink(broker, discovery=True)
        eventually(lambda: len(observer.on(DISCOVERY)) == 1)
        (discovery,) = observer.records(DISCOVERY)
        validator("discovery").validate(discovery)
        assert discovery["state_topic"] == LIVE
        assert {one["topic"] for one in discovery["availability"]} == {AVAILABILITY, STATUS}
        assert DISCOVERY in kept_by(broker.port)
        observer.publish("homeassistant/status", "offline")
        observer.publish("homeassistant/status", "online")
        eventually(lambda: len(observer.on(DISCOVERY)) == 2)

    def test_nothing_of_it_without_being_asked(self, broker, observer, make_sink):
        delivered(make_sink(broker), [message(1)])
        assert observer.on(DISCOVERY) == []


class TestWhoIsLetIn:
    def test_a_wrong_password_is_loud_and_a_changed_file_is_read_anew(
        self, broker, observer, make_sink, tmp_path, caplog
    ):
        secret = tmp_path / "secret"
        secret.write_text("wr0ng")
        sink = make_sink(broker, password_file=secret)
        (outcome,) = sink.deliver([message(1)])
        assert isinstance(outcome, Unauthorised)
        assert "password" in outcome.reason
        assert "wr0ng" not in outcome.reason + caplog.text
        secret.write_text(PASSWORD)
        delivered_soon(sink, message(1))
        eventually(lambda: len(observer.on(LIVE)) == 1)

    def test_a_password_file_that_is_missing_is_named(self, broker, make_sink, tmp_path):
        sink = make_sink(broker, password_file=tmp_path / "none")
        (outcome,) = sink.deliver([message(1)])
        assert isinstance(outcome, Unauthorised)
        assert "mqtt.password_file" in outcome.reason
        (tmp_path / "none").write_text(PASSWORD)
        delivered_soon(sink, message(1))

    def test_the_access_list_of_the_broker(self, make_broker, make_sink):
        acl = f"user {USER}\ntopic readwrite {AVAILABILITY}\ntopic readwrite {STATUS}\n"
        broker = make_broker(acl=acl + "user observer\ntopic readwrite #\n")
        sink = make_sink(broker)
        (outcome,) = sink.deliver([message(1), message(2)])
        assert isinstance(outcome, Unauthorised)
        assert "access list" in outcome.reason
        assert LIVE not in kept_by(broker.port)
        (broker.folder / "acl").write_text(acl + f"topic readwrite {LIVE}\n")
        broker.reload()
        delivered_soon(sink, message(1))

    def test_the_access_list_of_the_documents_is_enough_and_no_more_than_is_needed(
        self, make_broker, make_sink
    ):
        page = (Path(__file__).parents[2] / "docs" / "messages.md").read_text()
        acl = re.search(r"^```\n(user station\n.*?)^```", page, re.M | re.S)[1]
        broker = make_broker(acl=acl + "user observer\ntopic readwrite #\n")
        observer = Observer(broker.port)
        sink = make_sink(broker, discovery=True, arcs=True)
        arc = Message(3, "mchl", "arc", at(3), {"satellite": "G27"}, True)
        delivered(sink, [message(1), message(2, product="daily"), arc])
        eventually(lambda: len(observer.on(DISCOVERY)) == 1)
        observer.publish("homeassistant/status", "online")
        eventually(lambda: len(observer.on(DISCOVERY)) == 2)
        assert set(kept_by(broker.port)) == {LIVE, DAILY, AVAILABILITY, STATUS, DISCOVERY}
        observer.close()

    def test_tls_with_a_clients_certificate(self, broker, observer, make_sink):
        cert_file, key_file = broker.client_certificate()
        keys = {"ca_file": broker.ca_file, "cert_file": cert_file, "key_file": key_file}
        for host in ("127.0.0.1", "localhost"):
            sink = make_sink(broker, host=host, port=broker.tls_port, **keys)
            delivered(sink, [message(1)])
            sink.stop(2.0)
        eventually(lambda: len(observer.on(LIVE)) == 2)

    def test_a_broker_that_wants_a_certificate_refuses_those_without(self, make_broker, make_sink):
        broker = make_broker(more="require_certificate true")
        sink = make_sink(broker, port=broker.tls_port, ca_file=broker.ca_file)
        assert not isinstance(sink.deliver([message(1)])[0], Delivered)
        cert_file, key_file = broker.client_certificate()
        keys = {"ca_file": broker.ca_file, "cert_file": cert_file, "key_file": key_file}
        delivered(make_sink(broker, port=broker.tls_port, **keys), [message(1)])

    @UNCLOSED
    def test_a_certificate_of_another_authority_is_not_trusted(self, broker, make_sink, tmp_path):
        other = make_authority(tmp_path, "other")
        sink = make_sink(broker, port=broker.tls_port, ca_file=other)
        (outcome,) = sink.deliver([message(1)])
        assert isinstance(outcome, Unauthorised)
        assert "mqtt.ca_file" in outcome.reason
        assert kept_by(broker.port) == {}
        # The file is read anew at each attempt.
        other.write_bytes(broker.ca_file.read_bytes())
        delivered_soon(sink, message(1))

    @UNCLOSED
    def test_a_certificate_for_another_name_is_not_trusted(self, broker, make_sink):
        # The broker's certificate is for localhost and 127.0.0.1.
        sink = make_sink(broker, host="127.0.0.2", port=broker.tls_port, ca_file=broker.ca_file)
        (outcome,) = sink.deliver([message(1)])
        assert isinstance(outcome, RetryLater | Unauthorised)
        assert kept_by(broker.port) == {}

    def test_without_tls_at_a_port_with_tls(self, broker, make_sink):
        assert not isinstance(
            make_sink(broker, port=broker.tls_port).deliver([message(1)])[0], Delivered
        )


class TestReach:
    def test_a_check_leaves_the_service_its_connection(self, broker, observer, make_sink):
        sink = make_sink(broker)
        delivered(sink, [message(1)])
        before = list(observer.heard)
        assert make_sink(broker, start=False).reach(5.0) is None
        delivered(sink, [message(2)])
        # Nobody went offline and came back, and the check said nothing.
        assert [topic for topic, *_ in observer.heard[len(before) :] if topic != LIVE] == []

    @pytest.mark.parametrize(
        ("keys", "word"),
        [
            ({"port": 1}, "mqtt.port"),
            ({"username": "nobody"}, "mqtt.username"),
            ({"host": "no-such-host.invalid"}, "mqtt.host"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_remedy(self, broker, make_sink, keys, word):
        assert word in make_sink(broker, start=False, **keys).reach(10.0)

    def test_one_who_does_not_answer(self, broker, make_sink):
        broker.stop()
        sink = make_sink(broker, start=False)
        began = time.monotonic()
        assert "no answer" in sink.reach(1.0)
        assert time.monotonic() - began < 4.0
        broker.resume()


class TestOutages:
    def test_a_broker_that_comes_later(self, broker, make_sink):
        broker.kill()
        sink = make_sink(broker)
        (outcome,) = sink.deliver([message(1)])
        assert isinstance(outcome, RetryLater)
        assert "mqtt.port" in outcome.reason
        broker.start()
        delivered(sink, [message(1)])
        assert set(kept_by(broker.port)) == {LIVE, AVAILABILITY, STATUS}

    def test_a_broker_that_is_killed_and_comes_back(self, broker, observer, make_sink):
        sink = make_sink(broker, wait_s=1.0)
        messages = [message(number) for number in range(90)]

        def kill_once():
            broker.kill()
            time.sleep(0.5)
            broker.start()

        delivered(sink, messages[:30])
        killed = threading.Thread(target=kill_once)
        killed.start()
        delivered(sink, messages[30:])
        killed.join()
        eventually(lambda: observer.records(LIVE)[-1:] == [dict(messages[-1].record)])
        assert_none_lost_and_order_kept(observer, messages)
        assert at(89) in kept_by(broker.port)[LIVE]

    def test_a_broker_that_halts_and_goes_on(self, broker, observer, make_sink):
        sink = make_sink(broker, wait_s=1.0)
        messages = [message(number) for number in range(40)]
        delivered(sink, messages[:20])
        broker.stop()
        (outcome,) = sink.deliver(messages[20:])
        assert isinstance(outcome, RetryLater)
        assert "no answer" in outcome.reason
        # They are on their way: asked again, nothing is published a second time.
        assert isinstance(sink.deliver(messages[20:])[0], RetryLater)
        broker.resume()
        delivered(sink, messages[20:])
        eventually(lambda: len(observer.on(LIVE)) >= 40)
        assert observer.records(LIVE) == [dict(one.record) for one in messages]

    def test_a_broker_that_halts_for_longer_than_the_connection_lives(
        self, broker, observer, make_sink
    ):
        sink = make_sink(broker, wait_s=1.0)
        messages = [message(number) for number in range(40)]
        delivered(sink, messages[:20])
        broker.stop()
        # keepalive is 5 s: a ping after 5 s without an answer for 5 s.
        lost = eventually(lambda: "lost" in sink.deliver(messages[20:])[0].reason, 20.0)
        assert lost
        broker.resume()
        delivered(sink, messages[20:])
        eventually(lambda: observer.records(LIVE)[-1:] == [dict(messages[-1].record)])
        assert_none_lost_and_order_kept(observer, messages)

    def test_a_network_that_loses_acknowledgements_gives_no_more_than_one_copy_each(
        self, broker, observer, make_sink
    ):
        with Proxy(broker.port) as proxy:
            sink = make_sink(broker, port=proxy.port, wait_s=1.0)
            delivered(sink, [message(0)])
            proxy.deaf = True
            assert isinstance(sink.deliver([message(1), message(2)])[0], RetryLater)
            eventually(lambda: len(observer.on(LIVE)) == 3)
            proxy.cut()
            proxy.deaf = False
            delivered(sink, [message(1), message(2), message(3)])
            eventually(lambda: at(3) in str(observer.on(LIVE)))
        # What QoS 1 must allow: sent again after the connection, once.
        assert [record["time"] for record in observer.records(LIVE)] == [
            at(quarter) for quarter in (0, 1, 2, 1, 2, 3)
        ]


class TestProtocol:
    def test_mqtt_3_1_1_where_the_broker_refuses_5(self, broker, observer, make_sink):
        with Proxy(broker.port, only_3=True) as proxy:
            sink = make_sink(broker, port=proxy.port)
            assert make_sink(broker, port=proxy.port, start=False).reach(5.0) is None
            delivered(sink, [message(1), message(2)])
            eventually(lambda: len(observer.on(LIVE)) == 2)
            delivered(sink, [message(3, 1, newest=False)])
            sink.stop(3.0)
        assert "as soilglint-mchl (p2" in broker.log()
        kept = kept_by(broker.port)
        assert at(2) in kept[LIVE]
        assert (kept[AVAILABILITY], kept[STATUS]) == ("offline", "offline")

    def test_a_message_that_the_broker_ends_connections_over_is_found_and_set_aside(
        self, make_broker, make_sink
    ):
        # Mosquitto 2.0 refuses it with a reason that the standard does not have there.
        broker = make_broker(more="message_size_limit 2000")
        sink = make_sink(broker)
        observer = Observer(broker.port)
        messages = [message(n, model_id="x" * 2500 if n == 3 else "m") for n in range(1, 7)]
        found = {}
        until = time.monotonic() + 40
        while messages and time.monotonic() < until:
            for outcome in sink.deliver(messages):
                if isinstance(outcome, Delivered | Rejected):
                    found[messages.pop(0).number] = type(outcome)
        observer.close()
        assert found == {n: Rejected if n == 3 else Delivered for n in range(1, 7)}
        assert {r["time"] for r in observer.records(LIVE)} == {at(n) for n in (1, 2, 4, 5, 6)}

    def test_a_discovery_that_the_broker_ends_connections_over_stops_nothing(
        self, make_broker, make_sink
    ):
        broker = make_broker(more="message_size_limit 1000")
        sink = make_sink(broker, discovery=True)
        delivered(sink, [message(1), message(2)])
        assert set(kept_by(broker.port)) == {LIVE, AVAILABILITY, STATUS}

    def test_a_packet_larger_than_the_broker_says_is_set_aside_at_once(
        self, make_broker, make_sink
    ):
        broker = make_broker(more="max_packet_size 1500")
        sink = make_sink(broker, discovery=True)
        outcomes = sink.deliver([message(1, model_id="x" * 2000), message(2)])
        assert isinstance(outcomes[0], Rejected)
        assert "1500" in outcomes[0].reason
        assert outcomes[1] == Delivered()

    # The library leaves the sockets by which it wakes its thread to the collector.
    @pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning")
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_an_error_nobody_foresaw_does_not_end_the_connection_for_ever(
        self, broker, make_sink, monkeypatch
    ):
        connect = socket.create_connection
        broken = iter([True])

        def create_connection(*where, **options):
            if next(broken, False):
                raise RuntimeError("nobody foresaw it")
            return connect(*where, **options)

        monkeypatch.setattr(socket, "create_connection", create_connection)
        sink = make_sink(broker, wait_s=1.0)
        delivered(sink, [message(1)])


def delivered_soon(sink, one):
    """Deliver a message once the sink is let in."""
    return eventually(lambda: sink.deliver([one]) == [Delivered()])


def assert_none_lost_and_order_kept(observer, messages):
    """All arrived, whole; each first in order, and no later one replaced by an earlier one."""
    records = observer.records(LIVE)
    first = list({record["time"]: record for record in reversed(records)}.values())[::-1]
    seen = sorted({record["time"] for record in records})
    assert seen == [one.time for one in messages]
    order = list(dict.fromkeys(record["time"] for record in records))
    assert order == seen
    assert all(record in [dict(one.record) for one in messages] for record in first)


class Proxy:
    """Between sink and broker: refuses MQTT 5, or keeps what the broker says to itself."""

    def __init__(self, target, *, only_3=False):
        self.deaf = False
        self._only_3, self._target = only_3, target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open, self._threads = [], []
        self._serving = threading.Thread(target=self._serve)

    def __enter__(self):
        self._serving.start()
        return self

    def __exit__(self, *error):
        # Closing alone does not wake the thread that accepts.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()
        for thread in [self._serving, *self._threads]:
            thread.join()

    def cut(self):
        """Break every connection."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _serve(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            opening = client.recv(65536)
            # Fixed header and length, then the name "MQTT" with its length, then the level.
            if self._only_3 and opening[2:8] == b"\0\4MQTT" and opening[8] == 5:
                client.sendall(b"\x20\x02\x00\x01")
                client.close()
                continue
            broker = socket.create_connection(("127.0.0.1", self._target))
            broker.sendall(opening)
            self._open += [client, broker]
            for source, sink in ((client, broker), (broker, client)):
                thread = threading.Thread(target=self._pipe, args=(source, sink, client))
                self._threads.append(thread)
                thread.start()

    def _pipe(self, source, sink, client):
        try:
            while heard := source.recv(65536):
                if not (self.deaf and sink is client):
                    sink.sendall(heard)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            source.close()
