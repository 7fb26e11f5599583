"""Random pieces of the sample, in random order, give what the whole gives."""

import gzip
import itertools
import random
import sqlite3

import pytest

from daemon.config import load_config
from daemon.jobs import run_once
from daemon.sample import write_sample

OF_MAKING = {"id", "revision", "latency_s", "ingested_at"}


def station(folder):
    """A sample station whose inbox is empty, and the header and epochs of its first day."""
    path = write_sample(folder / "sample")
    inbox = path.parent / "inbox"
    epochs = []
    for file in sorted(inbox.iterdir())[:4]:
        header, *parts = gzip.decompress(file.read_bytes()).split(b"\n> ")
        epochs += [b"> " + part.rstrip(b"\n") + b"\n" for part in parts]
    for file in inbox.iterdir():
        file.unlink()
    # The first file's header would tell another time of first observation, which is not used.
    return load_config(path), header + b"\n", epochs


def contents(config):
    """Arcs, heights and estimates, but for when and how often they were made."""
    connection = sqlite3.connect(config.store.path)
    connection.row_factory = sqlite3.Row
    found = {
        table: {
            tuple((k, row[k]) for k in row.keys() if k not in OF_MAKING)  # noqa: SIM118
            for row in connection.execute(f"SELECT * FROM {table}")
        }
        for table in ("arcs", "apriori_heights", "estimates")
    }
    connection.close()
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    config, header, epochs = station(tmp_path_factory.mktemp("whole"))
    (config.inbox.path / "whole.rnx.gz").write_bytes(gzip.compress(header + b"".join(epochs)))
    run_once(config)
    found = contents(config)
    assert len(found["arcs"]) > 200
    assert len(found["estimates"]) == 96
    return found


def deliveries(epochs, rng):
    """Names and texts of pieces that cover the day: cut at random, overlapping, twice, growing."""
    edges = sorted({0, len(epochs), *rng.sample(range(1, len(epochs)), rng.randint(3, 18))})
    pieces = []
    for number, (begin, end) in enumerate(itertools.pairwise(edges)):
        begin = max(0, begin - rng.choice([0, 0, 0, 5, 150]))
        text = b"".join(epochs[begin:end])
        name = f"piece{rng.randrange(10_000):04d}_{number}.rnx.gz"
        kind = rng.choice(["plain", "plain", "twice", "growing"])
        if kind == "twice":
            pieces.append([(name, text)])
            pieces.append([(f"again_{name}", text)])
        elif kind == "growing":
            middle = b"".join(epochs[begin : begin + max(1, (end - begin) // 2)])
            # One after the other, the first inside an epoch.
            pieces.append([(name, middle[:-40]), (name, text)])
        else:
            pieces.append([(name, text)])
    rng.shuffle(pieces)
    # What grows keeps its order; other pieces may come in between.
    order = []
    while pieces:
        piece = rng.choice(pieces[:3])
        order.append(piece.pop(0))
        pieces = [rest for rest in pieces if rest]
    return order


@pytest.mark.parametrize("seed", range(8))
def test_random_pieces_in_random_order(tmp_path, whole, seed):
    rng = random.Random(seed)
    config, header, epochs = station(tmp_path)
    if seed % 2:
        path = config.path
        path.write_text(path.read_text().replace('keep = "leave"', 'keep = "delete"'))
        config = load_config(path)
    order = deliveries(epochs, rng)
    while order:
        for _ in range(min(len(order), rng.choice([1, 1, 2, 4]))):
            name, text = order.pop(0)
            (config.inbox.path / name).write_bytes(gzip.compress(header + text))
        run_once(config)
    found = contents(config)
    for table, rows in whole.items():
        assert found[table] == rows, f"{table}: {len(found[table] ^ rows)} rows differ"
    assert not run_once(config).changed
