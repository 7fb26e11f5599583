"""A station whose service runs as a process of its own, as systemd would start it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.sample import write_sample
from retrieval.simulation import Scenario, simulate_station
from tests.integration.broker import PASSWORD, USER, Broker, Observer

ROOT = Path(__file__).parents[2]
# What a broker keeps of each product that a station has long been sending to.
LONG_AGO = json.dumps({"time": "2020-01-01T00:00:00Z"})
SERVES = "soilglint serves station"
# What a run's own circumstances decide, and nothing that it says.
OF_MAKING = frozenset({"id", "revision", "latency_s", "ingested_at", "queued_at"})

_MQTT = """
[mqtt]
host = "localhost"
port = {port}
tls = {tls}
{ca_file}username = "{user}"
password_file = "{password_file}"
client_id = "{station}"
host_name = "{station}-host"
keepalive_s = 5
discovery = true
"""


@dataclass(frozen=True)
class StationFolder:
    """The sample station with a service's settings and an empty inbox.

    Attributes
    ----------
    config : Path
        Its settings.
    name : str
        Of the station.
    store : Path
        The store, which is there once the service was.
    """

    config: Path
    name: str
    store: Path

    @property
    def inbox(self) -> Path:
        """Where files arrive."""
        return self.config.parent / "inbox"

    @property
    def live(self) -> str:
        """The topic of live estimates."""
        return f"soilglint/{self.name}/soil_moisture"

    @property
    def daily(self) -> str:
        """The topic of daily estimates."""
        return f"{self.live}/daily"

    @property
    def availability(self) -> str:
        """The topic that tells whether the service runs."""
        return f"soilglint/{self.name}/availability"

    @property
    def status(self) -> str:
        """The topic that tells whether its host is connected."""
        return f"soilglint/status/{self.name}-host"

    def put(self, files: Iterable[Path]) -> None:
        """Let files arrive as transfers do: under another name, then renamed."""
        for path in files:
            partial = self.inbox / f"{path.name}.part"
            shutil.copyfile(path, partial)
            partial.replace(self.inbox / path.name)

    @property
    def discovery(self) -> str:
        """The topic that tells Home Assistant of the station."""
        return f"homeassistant/device/soilglint_{self.name}/config"

    def replace(self, old: str, new: str) -> None:
        """Change the settings."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the store, which a service may be writing to."""
        if not self.store.exists():
            return []
        with closing(sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True)) as store:
            if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'sinks'").fetchall():
                return []  # it is being made
            return store.execute(sql).fetchall()

    def ingested(self) -> int:
        """How many observation files are in the store."""
        return int((self.ask("SELECT COUNT(*) FROM files WHERE n_snr > 0") or [(0,)])[0][0])

    def waiting(self) -> int:
        """How many rows of the outbox MQTT has not taken."""
        sql = "SELECT COUNT(*) FROM outbox WHERE id > (SELECT cursor FROM sinks WHERE name='mqtt')"
        return int((self.ask(sql) or [(0,)])[0][0])

    def at_rest(self, files: int) -> bool:
        """Whether so many files are in, what they allow is made, and MQTT has it."""
        return (
            self.ingested() == files
            and not self.ask("SELECT 1 FROM estimates_due")
            and self.waiting() == 0
        )

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """What is in the store, but for what circumstances decide, in an order of its own."""
        tables = (
            "arcs",
            "apriori_heights",
            "estimates",
            "models",
            "estimates_due",
            "outbox_rejected",
            "sink_newest",
        )
        questions = {table: f"SELECT * FROM {table}" for table in tables} | {
            "files": "SELECT * FROM files",
            "snr_hours": "SELECT path, snr_hours.* FROM snr_hours JOIN files ON files.id = file_id",
        }
        left_out = OF_MAKING | {"file_id"}
        found: dict[str, list[tuple[Any, ...]]] = {}
        with closing(sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True)) as store:
            for table, sql in questions.items():
                rows = store.execute(sql)
                kept = [k for k, (name, *_) in enumerate(rows.description) if name not in left_out]
                folder = str(self.config.parent)
                found[table] = sorted(
                    (
                        tuple(
                            row[k].replace(folder, "") if isinstance(row[k], str) else row[k]
                            for k in kept
                        )
                        for row in rows
                    ),
                    key=repr,
                )
        return found

    def estimates(self) -> list[dict[str, Any]]:
        """The estimates in the store, by time and product."""
        if not self.ask("SELECT 1 FROM estimates"):
            return []
        with closing(sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True)) as store:
            store.row_factory = sqlite3.Row
            rows = store.execute("SELECT * FROM estimates ORDER BY time, product").fetchall()
        return [dict(row) for row in rows]


def station_folder(
    folder: Path,
    broker: Broker | None,
    name: str = "smpl",
    *,
    tls: bool = True,
    nav: Path | None = None,
) -> StationFolder:
    """Make a station whose estimates go to a broker; `nav` takes the place of its navigation."""
    config = write_sample(folder)
    if nav is not None:
        shutil.rmtree(folder / "nav")
        shutil.copytree(nav, folder / "nav")
    for path in (folder / "inbox").iterdir():
        path.unlink()
    station = StationFolder(config, name, folder / "soilglint.sqlite")
    station.replace('name = "smpl"', f'name = "{name}"')
    if broker is not None:
        password_file = folder / "password"
        password_file.write_text(PASSWORD)
        section = _MQTT.format(
            port=broker.tls_port if tls else broker.port,
            tls=str(tls).lower(),
            ca_file=f'ca_file = "{broker.ca_file}"\n' if tls else "",
            user=USER,
            password_file=password_file,
            station=name,
        )
        config.write_text(config.read_text() + section)
    return station


def field_files(folder: Path, scenario: Scenario) -> tuple[list[Path], Path]:
    """Simulate hourly files at the sample's place; return them and the folder of navigation."""
    made = simulate_station(scenario.changed(output={"span": "hour"}), folder)
    return sorted((made.folder / "inbox").iterdir()), made.folder / "nav"


def hourly_files(folder: Path, hours: int, pieces: int = 1) -> list[Path]:
    """Cut the sample's first hours, 48 at most, into files of one hour, or of a part of it."""
    source = write_sample(folder / "sample").parent / "inbox"
    header, epochs = b"", []
    for path in sorted(source.iterdir()):
        header, *parts = gzip.decompress(path.read_bytes()).split(b"\n> ")
        epochs += [b"> " + part.rstrip(b"\n") + b"\n" for part in parts]
    in_one = 120 // pieces  # a value each 30 s
    assert len(epochs) == 48 * 120
    made = []
    for number in range(hours * pieces):
        text = header + b"\n" + b"".join(epochs[number * in_one : (number + 1) * in_one])
        hour, minute = divmod(number * 60 // pieces, 60)
        day, hour = divmod(hour, 24)
        path = folder / f"SMPL00AUT_R_2024{135 + day}{hour:02d}{minute:02d}_01H_30S_GO.rnx.gz"
        path.write_bytes(gzip.compress(text, 1, mtime=0))
        made.append(path)
    return made


def words(station: StationFolder, observer: Observer) -> dict[tuple[str, str], dict[str, Any]]:
    """What was heard of a station: the last word on each estimate, in order of the first ones."""
    said = {}
    for topic, payload, _ in list(observer.heard):
        if topic in (station.live, station.daily) and payload != LONG_AGO:
            record = json.loads(payload)
            assert record["station"] == station.name
            said[record["time"], record["product"]] = record
    return said


def run_to_its_end(config: Path) -> tuple[int, str]:
    """Run a service that ends by itself; return its exit status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "daemon.cli", "run", "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


class Running:
    """A service that runs.

    Parameters
    ----------
    config : Path
        Its settings.
    options : sequence of str
        Of `soilglint run`, beside ``--config``.
    environment : dict, optional
        Of the process, beside ours.
    """

    def __init__(
        self,
        config: Path,
        options: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self._lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "run", "--config", str(config), *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def log(self) -> str:
        """What it has written to standard error so far."""
        return "".join(list(self._lines))

    def says(self, text: str, timeout_s: float = 60.0, times: int = 1) -> None:
        """Wait until its log holds a text."""
        self.until(lambda: self.log.count(text) >= times, timeout_s)

    def until(self, holds: Any, timeout_s: float = 60.0, every_s: float = 0.02) -> Any:
        """Wait until something holds while it runs; its log tells why when it does not."""
        end = time.monotonic() + timeout_s
        while not (found := holds()):
            assert self.process.poll() is None, f"it ended by itself: {self.log}"
            assert time.monotonic() < end, f"did not come to hold in {timeout_s:g} s: {self.log}"
            time.sleep(every_s)
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self._ended(60.0)

    def end(self, timeout_s: float = 60.0) -> int:
        """Let it end, and return its exit status."""
        self.signal(signal.SIGTERM)
        return self._ended(timeout_s)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Wait for its own end, and return its exit status."""
        return self._ended(timeout_s)

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()

    def _ended(self, timeout_s: float) -> int:
        status = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return status

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)
