"""The unattended service as a process of its own, with a real broker: delay, memory, processor.

python -m benchmarks.service [--days 30] [--model linear] [--model auto] [--no-torch] [--idle 60]

A simulated station of GPS L1 C/A and L2C, 30 s, writes hourly files behind a season of 104 days
that the store holds already and that ``auto`` has learnt from. First 24 files, each once the one
before has come out: from the moment a file has settled to its first message at a subscriber. Then
a new process, which takes the rest as fast as it can: memory every 100 files, processor time per
file. Last nothing at all for a while. ``--no-torch`` hides torch, as on a station box.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from daemon.demo import station
from tests.integration.broker import PASSWORD, USER, Broker, Observer
from tests.integration.running import SERVES, Running

SETTLE_S = 1.0
N_DELAYS = 24
TICKS = os.sysconf("SC_CLK_TCK")

MQTT = """
[mqtt]
host = "127.0.0.1"
port = {port}
username = "{user}"
password_file = "{password_file}"
"""
# Found by Python at its start; torch is then as if it were not installed.
HIDE_TORCH = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def with_first_signal(folder: Path) -> Path:
    """Write the demonstration's scenario with C/A of all satellites beside L2C."""
    path = folder / "scenario.toml"
    text = station.SCENARIO.read_text()
    path.write_text(text.replace("[[signal]]", '[[signal]]\ncode = "GS1C"\n\n[[signal]]', 1))
    return path


def memory_mb(pid: int) -> tuple[float, float]:
    """Return what a process holds now, and the most that it ever held, MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    now, most = (float(re.search(rf"{name}:\s+(\d+)", text)[1]) for name in ("VmRSS", "VmHWM"))
    return now / 1024, most / 1024


def processor_s(pid: int) -> float:
    """Return the processor time of a process, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def put(path: Path, inbox: Path) -> None:
    """Let a file arrive."""
    partial = inbox / f"{path.name}.part"
    shutil.copyfile(path, partial)
    partial.replace(inbox / path.name)


def delays_s(service: Running, observer: Observer, files: list[Path], inbox: Path) -> list[float]:
    """Return how long each file takes from when it has settled to its first message."""
    found = []
    for path in files:
        heard = len(observer.heard)
        put(path, inbox)
        settled = time.monotonic() + SETTLE_S
        service.until(lambda heard=heard: len(observer.heard) > heard, 120.0)
        found.append(time.monotonic() - settled)
        rest(service, observer)
    return found


def month(
    service: Running, observer: Observer, files: list[Path], inbox: Path, idle_s: float
) -> None:
    """Let the service take files as fast as it can, then nothing; print what it needs."""
    pid = service.process.pid
    before_s = processor_s(pid)
    for number, path in enumerate(files):
        if number % 100 == 0:
            print(f"  {number} files: {memory_mb(pid)[0]:.0f} MB", flush=True)
        heard = len(observer.heard)
        put(path, inbox)
        service.until(lambda heard=heard: len(observer.heard) >= heard + 4, 120.0)
    rest(service, observer)
    each_s = (processor_s(pid) - before_s) / max(len(files), 1)
    now_mb, most_mb = memory_mb(pid)
    print(f"  {len(files)} files: {now_mb:.0f} MB, peak {most_mb:.0f} MB")
    print(
        f"  processor: {each_s:.3f} s a file, {100 * each_s / 3600:.4f} % of a core at one file an "
        "hour"
    )
    before_s = processor_s(pid)
    time.sleep(idle_s)
    idle = (processor_s(pid) - before_s) / idle_s
    print(f"  idle over {idle_s:.0f} s: {100 * idle:.2f} % of a core", flush=True)


def serve(
    folder: Path, files: list[Path], broker: Broker, model: str, torch: bool, idle_s: float
) -> None:
    """Let the service take the files, and print how it did."""
    config, inbox = folder / "soilglint.toml", folder / "inbox"
    password = folder / "password"
    password.write_text(PASSWORD)
    text = config.read_text()
    if model != "linear":
        text = text.replace('# path = "model"', 'path = "model"')
    text += MQTT.format(port=broker.port, user=USER, password_file=password)
    environment = {}
    if not torch:
        hidden = folder / "hidden"
        hidden.mkdir()
        (hidden / "sitecustomize.py").write_text(HIDE_TORCH)
        environment = {"PYTHONPATH": str(hidden)}
    observer = Observer(broker.port, "soilglint/demo/soil_moisture", f"observer-{folder.name}")
    try:
        for settle_s in (SETTLE_S, 0):
            config.write_text(text.replace("settle_s = 0", f"settle_s = {settle_s}"))
            begun = time.monotonic()
            service = Running(config, environment=environment)
            try:
                service.says(SERVES, 120.0)
                started_s, pid = time.monotonic() - begun, service.process.pid
                rest(service, observer)  # what the season's last hours still say
                if settle_s:
                    with_torch = "there" if torch else "hidden"
                    print(
                        f"{model}, torch {with_torch}: serves after {started_s:.2f} s, at rest "
                        f"{memory_mb(pid)[0]:.0f} MB, peak {memory_mb(pid)[1]:.0f} MB"
                    )
                    found = delays_s(service, observer, files[:N_DELAYS], inbox)
                    print(
                        f"  from settled to the subscriber, {len(found)} files: median "
                        f"{np.median(found):.2f} s, worst {max(found):.2f} s",
                        flush=True,
                    )
                else:
                    month(service, observer, files[N_DELAYS:], inbox, idle_s)
                assert service.end() == 0, service.log
            finally:
                service.close()
    finally:
        observer.close()


def rest(service: Running, observer: Observer) -> None:
    """Wait until no message has come for 2 s."""
    heard, since = -1, time.monotonic()
    while time.monotonic() - since < 2.0:
        if len(observer.heard) != heard:
            heard, since = len(observer.heard), time.monotonic()
        assert service.process.poll() is None, service.log
        time.sleep(0.05)


def soilglint(*arguments: object) -> None:
    """Run a command as an operator would."""
    subprocess.run([sys.executable, "-m", "daemon.cli", *map(str, arguments)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--model", action="append", choices=["linear", "auto", "rf-mdi"])
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--idle", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, help="keep the station here, and use it again")
    options = parser.parse_args()
    models = options.model or ["linear", "auto"]
    with tempfile.TemporaryDirectory() as name:
        base = (options.folder or Path(name)) / "station"
        if not base.exists():
            station.SCENARIO = with_first_signal(Path(name))
            made = station.make_station(base, options.days)
            soilglint("run", "--config", made.config, "--once")
        for model in models:
            if model != "linear" and not (base / f"model-{model}").exists():
                soilglint(
                    *("train", "--config", base / "soilglint.toml", "--model", model),
                    *("--reference", base / "reference.csv", "--preset", "p041"),
                    *("--out", base / f"model-{model}"),
                )
        files = sorted((base / "receiver" / "inbox").iterdir())[: options.days * 24]
        broker = Broker(Path(name) / "broker")
        broker.start()
        try:
            for model in models:
                folder = Path(name) / model
                shutil.copytree(base, folder, ignore=shutil.ignore_patterns("receiver", "model-*"))
                if model != "linear":
                    shutil.copytree(base / f"model-{model}", folder / "model")
                serve(folder, files, broker, model, not options.no_torch, options.idle)
        finally:
            broker.close()


if __name__ == "__main__":
    main()
