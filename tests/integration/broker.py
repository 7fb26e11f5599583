"""A real Mosquitto on free ports, with passwords, an access list and TLS, and one who listens."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

USER, PASSWORD = "station", "s3cret"
# Who sees everything, for the tests.
OBSERVER, OBSERVER_PASSWORD = "observer", "0bserver"

# Changes are written at once, or a kill loses what the broker keeps; it runs as whoever tests.
_CONF = """\
per_listener_settings false
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
persistence true
persistence_location {folder}/data/
autosave_interval 1
autosave_on_changes true
log_dest file {folder}/log
log_type all
{user}
listener {port} 127.0.0.1
listener {tls_port} 127.0.0.1
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
tls_version tlsv1.2
{more}
"""
_ACL = f"""\
user {USER}
topic readwrite soilglint/#
topic readwrite homeassistant/#
user {OBSERVER}
topic readwrite #
"""


def need_mosquitto() -> None:
    """Skip where there is no broker; in CI there must be one."""
    if not _program("mosquitto") and "CI" not in os.environ:
        pytest.skip("mosquitto is not installed")


def eventually(holds: Any, timeout_s: float = 20.0) -> Any:
    """Wait until something holds, and return what it gave."""
    until = time.monotonic() + timeout_s
    while not (found := holds()):
        if time.monotonic() > until:
            raise AssertionError(f"did not come to hold in {timeout_s:g} s")
        time.sleep(0.02)
    return found


class Broker:
    """Mosquitto in a folder of its own.

    ``start``, ``kill`` (SIGKILL), ``stop`` (SIGSTOP), ``resume`` (SIGCONT), ``close``.
    """

    def __init__(self, folder: Path, acl: str = _ACL, more: str = "") -> None:
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        self.port, self.tls_port = _free_ports(2)
        user = "user root" if os.geteuid() == 0 else ""
        ports = {"port": self.port, "tls_port": self.tls_port}
        conf = _CONF.format(folder=folder, user=user, more=more, **ports)
        (folder / "mosquitto.conf").write_text(conf)
        (folder / "acl").write_text(acl)
        (folder / "acl").chmod(0o600)
        self.set_password(USER, PASSWORD, new=True)
        self.set_password(OBSERVER, OBSERVER_PASSWORD)
        self._make_certificates()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ca_file(self) -> Path:
        """Certificate of the authority that signed the broker's."""
        return self.folder / "ca.crt"

    def set_password(self, user: str, password: str, *, new: bool = False) -> None:
        """Let a user in; a running broker learns of it by `reload`."""
        options = ["-b", *(["-c"] if new else [])]
        program = _program("mosquitto_passwd") or "mosquitto_passwd"
        path = self.folder / "passwords"
        _run(program, *options, str(path), user, password)

    def reload(self) -> None:
        """Read passwords and access list again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = _program("mosquitto") or "mosquitto"
        command = [program, "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(lambda: _listens(self.port) and _listens(self.tls_port))

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Halt it: it is there and does not answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        self.kill()

    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text()

    def client_certificate(self) -> tuple[Path, Path]:
        """Make a certificate and key that this broker's authority has signed."""
        return self._certificate("client", "subjectAltName=DNS:client")

    def _make_certificates(self) -> None:
        make_authority(self.folder)
        self._certificate("server", "subjectAltName=DNS:localhost,IP:127.0.0.1")

    def _certificate(self, name: str, extension: str) -> tuple[Path, Path]:
        path = self.folder / name
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        request = (*curve, "-nodes", "-subj", f"/CN={name}", "-keyout", f"{path}.key")
        _run("openssl", "req", "-new", *request, "-out", f"{path}.csr")
        Path(f"{path}.ext").write_text(extension)
        ca = self.folder / "ca"
        signed = ("-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "2")
        files = ("-in", f"{path}.csr", "-extfile", f"{path}.ext", "-out", f"{path}.crt")
        _run("openssl", "x509", "-req", *signed, *files)
        return Path(f"{path}.crt"), Path(f"{path}.key")


class Observer:
    """Listens to topics, also to what came while the broker was gone.

    Attributes
    ----------
    heard : list of (topic, payload text, retained flag)
        In the order of arrival.
    """

    def __init__(self, port: int, topic: str = "#", name: str = "observer") -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self._subscribed = threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(OBSERVER, OBSERVER_PASSWORD)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda client, *rest: client.subscribe(topic, 1)
        client.on_subscribe = lambda *rest: self._subscribed.set()
        client.on_message = lambda client, userdata, message: self.heard.append(
            (message.topic, message.payload.decode(), message.retain)
        )
        # A session that outlives the broker, so that nothing published meanwhile escapes.
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 600
        client.connect("127.0.0.1", port, 60, clean_start=False, properties=properties)
        client.loop_start()
        self.client = client
        assert self._subscribed.wait(10)

    def on(self, topic: str) -> list[str]:
        """Payloads that were heard on a topic."""
        return [payload for heard, payload, _ in list(self.heard) if heard == topic]

    def records(self, topic: str) -> list[dict[str, Any]]:
        """Payloads of a topic as JSON."""
        return [json.loads(payload) for payload in self.on(topic)]

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Say something, and wait until the broker has it."""
        self.client.publish(topic, payload, 1, retain).wait_for_publish(10)

    def close(self) -> None:
        """Go."""
        self.client.disconnect()
        self.client.loop_stop()


def kept_by(port: int, wanted: str = "#", wait_s: float = 0.5) -> dict[str, str]:
    """Return what the broker keeps, by topic."""
    name = f"keeper-{time.monotonic_ns()}"
    observer = Observer(port, wanted, name)
    try:
        time.sleep(wait_s)
        return {topic: payload for topic, payload, kept in list(observer.heard) if kept}
    finally:
        observer.close()


def make_authority(folder: Path, name: str = "ca") -> Path:
    """Make an authority that signs certificates, and return its certificate."""
    path = folder / name
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    options = (*curve, "-nodes", "-days", "2", "-subj", f"/CN=test {name}")
    _run("openssl", "req", "-x509", *options, "-keyout", f"{path}.key", "-out", f"{path}.crt")
    return Path(f"{path}.crt")


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
