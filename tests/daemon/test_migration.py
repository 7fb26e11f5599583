"""A store of the first schema, as its soilglint wrote it, under the present one.

``files/store_1`` holds the dump of a store of version 1 that had taken in the first day of the
sample that was packaged then, and the files of that sample.
"""

import gzip
import shutil
import sqlite3
from pathlib import Path

import pytest

from daemon.config import load_config
from daemon.errors import StoreOutdatedError
from daemon.jobs import run_once
from daemon.store import Store
from daemon.store.schema import MIGRATIONS, SCHEMA_VERSION
from retrieval.equipment import equipment_token

STORE_1 = Path(__file__).parent / "files" / "store_1"
NAME = "smpl"
EQUIPMENT = "0 | SIMULATED | 1 | 0 | SIMULATED NONE"


@pytest.fixture
def config(sample):
    """That sample with all its files, and the store of version 1 that knows the first day's."""
    for name in ("inbox", "nav"):
        shutil.rmtree(sample / name)
        shutil.copytree(STORE_1 / name, sample / name)
    config = load_config(sample / "soilglint.toml")
    text = gzip.decompress((STORE_1 / "store.sql.gz").read_bytes()).decode()
    connection = sqlite3.connect(config.store.path)
    connection.executescript(text.replace("'nav/", f"'{sample}/nav/"))
    connection.close()
    return config


def rows(config, sql):
    connection = sqlite3.connect(config.store.path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_version_1_is_what_the_first_step_makes(config):
    """The first step stays as it was when it was released."""
    made = sqlite3.connect(":memory:")
    for statement in MIGRATIONS[0]:
        made.execute(statement)
    tables = [
        name for (name,) in rows(config, "SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    assert len(tables) == 6
    for name in tables:
        sql = f"PRAGMA table_info({name})"
        assert rows(config, sql) == made.execute(sql).fetchall()
    made.close()


def test_reading_asks_for_a_run_and_changes_nothing(config):
    before = config.store.path.read_bytes()
    with pytest.raises(StoreOutdatedError, match="soilglint run"):
        Store.reading(config.store.path)
    assert config.store.path.read_bytes() == before


def test_what_refers_to_files_outlives_their_new_table(config):
    """The step that allows files to be quarantined makes the table of files anew."""
    sql = "SELECT path, arc_id FROM arc_files JOIN files ON files.id = file_id ORDER BY 1, 2"
    links = rows(config, sql)
    assert len(links) > 200
    Store.writing(config.store.path).close()
    assert rows(config, sql) == links
    assert rows(config, "PRAGMA foreign_key_check") == []
    connection = sqlite3.connect(config.store.path)
    connection.execute("UPDATE files SET state = 'quarantined'")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE files SET state = 'something else'")
    connection.rollback()
    # Links go with their file, as before.
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM files")
    assert connection.execute("SELECT COUNT(*) FROM arc_files").fetchone() == (0,)
    connection.close()


def test_everything_is_there_afterwards_and_goes_on(config, sample, tmp_path):
    columns = ", ".join(f'"{row[1]}"' for row in rows(config, "PRAGMA table_info(arcs)"))
    arcs = rows(config, f"SELECT {columns} FROM arcs ORDER BY id")
    estimates = rows(config, "SELECT time, vwc, flag, model_id FROM estimates ORDER BY time")
    heights = dict(rows(config, "SELECT signal, height_m FROM apriori_heights"))
    assert (len(arcs), len(estimates)) == (250, 91)

    report = run_once(config)
    assert rows(config, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    # The first day's files and navigation are known; the other four are taken in.
    assert report.ingest.files == {"ingested": 4}
    assert report.ingest.known == 4
    # Version 1 kept no observations, so the arcs that the midnight had cut stay as they were cut.
    after = rows(config, f"SELECT {columns} FROM arcs ORDER BY id")
    assert after[: len(arcs)] == arcs
    assert len(after) > 480
    # Nor did it keep receivers and antennas: they are taken for what goes on hearing.
    assert rows(config, "SELECT DISTINCT equipment FROM arcs") == [(EQUIPMENT,)]
    kept = rows(config, "SELECT time, vwc, flag, model_id FROM estimates ORDER BY time")
    # Times before the first arc had no estimate then, which they have now.
    assert set(estimates) <= set(kept)
    assert rows(config, "SELECT DISTINCT revision FROM estimates") == [(1,)]
    # No model had a look at arcs then.
    assert rows(config, "SELECT DISTINCT model_track FROM arcs") == [(None,)]
    assert rows(config, "SELECT name FROM models") == [("linear",)]
    with Store.reading(config.store.path) as store:
        learnt = store.apriori_heights(NAME)
        assert {record.site for record in store.files(NAME).values()} == {NAME, ""}
    # Their heights go on with them.
    token = equipment_token(EQUIPMENT)
    assert {name: learnt[f"{name}#{token}"].height_m for name in heights} == heights
    assert not run_once(config).changed
