"""The tables of the store, in one place, and the steps from one version to the next.

``PRAGMA user_version`` holds the version. Times are text, UTC with ``Z``; in ``estimates`` to the
second, elsewhere to the millisecond, so that text order is time order.
"""

from __future__ import annotations

__all__ = [
    "APPLICATION_ID",
    "ARC_SQL_COLUMNS",
    "EQUIPMENT_SQL",
    "MIGRATIONS",
    "PLACE_SQL",
    "SCHEMA_VERSION",
]

# ``PRAGMA application_id``: what tells our files from those of others. ASCII "SoGl".
APPLICATION_ID = 0x536F476C

_FILES = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    path TEXT NOT NULL,             -- name in the inbox, or the whole path outside it
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    kind TEXT NOT NULL,             -- observation, snr66, nmea, navigation, sp3, or what else it is
    state TEXT NOT NULL CHECK (state IN
        ('ingested', 'waiting_orbits', 'other_station', 'unreadable', 'from_future')),
    reason TEXT NOT NULL,           -- empty when there is nothing to say
    n_epochs INTEGER NOT NULL,
    n_snr INTEGER NOT NULL,
    n_damage INTEGER NOT NULL,      -- places where the file was not whole
    first_time TEXT,                -- of its epochs, or of its ephemerides
    last_time TEXT,
    cut INTEGER NOT NULL,           -- 1: it ends early, truncated or still being written
    position_m TEXT,                -- 'x y z' of its header, ECEF
    satellites TEXT NOT NULL,       -- left out for want of an ephemeris; of orbit files: known
    orbits TEXT NOT NULL,           -- orbit files it was tried with: first digits of their sha256
    ingested_at TEXT NOT NULL,
    UNIQUE (station, path)
)
"""

# SQL type of each column of the arc table, in its order.
ARC_SQL_COLUMNS = {
    "station": "TEXT NOT NULL",
    "satellite": "TEXT NOT NULL",
    "signal": "TEXT NOT NULL",
    "direction": "TEXT NOT NULL",
    "start": "TEXT NOT NULL",
    "end": "TEXT NOT NULL",
    "closed": "TEXT NOT NULL",
    "azimuth_deg": "REAL",
    "elevation_min_deg": "REAL",
    "elevation_max_deg": "REAL",
    "n_obs": "INTEGER NOT NULL",
    "interval_s": "REAL",
    "reflector_height_m": "REAL",
    "peak_amplitude": "REAL",
    "peak_to_noise": "REAL",
    "second_peak_ratio": "REAL",
    "amplitude": "REAL",
    "phase_deg": "REAL",
    "phase_sigma_deg": "REAL",
    "apriori_height_m": "REAL",
    "dphase_dheight_deg_per_mm": "REAL",
    "height_mode": "TEXT NOT NULL",
    "height_sigma_m": "REAL",
    "phase_height_correlation": "REAL",
    "orbit_source": "TEXT NOT NULL",
    "ephemeris_age_h": "REAL",
    "accepted": "INTEGER NOT NULL",
    "reject_reason": "TEXT NOT NULL",
    "equipment": "TEXT",  # null in arcs of before version 4, until files come
}

_ARCS = (
    "CREATE TABLE arcs (id INTEGER PRIMARY KEY, "
    + ", ".join(f'"{name}" {kind}' for name, kind in ARC_SQL_COLUMNS.items() if name != "equipment")
    + ", revision INTEGER NOT NULL"  # 1, and one more whenever an arc takes the place of others
    + ", UNIQUE (station, satellite, signal, direction, start))"
)

# Which files an arc may have points of.
_ARC_FILES = """
CREATE TABLE arc_files (
    arc_id INTEGER NOT NULL REFERENCES arcs (id) ON DELETE CASCADE,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    PRIMARY KEY (arc_id, file_id)
) WITHOUT ROWID
"""

_APRIORI_HEIGHTS = """
CREATE TABLE apriori_heights (
    station TEXT NOT NULL,
    signal TEXT NOT NULL,           -- key: GS2X, GS2X@090, or @090 for all signals
    version INTEGER NOT NULL,
    height_m REAL NOT NULL,
    n_arcs INTEGER NOT NULL,        -- accepted arcs it is the median of
    learnt_at TEXT NOT NULL,
    PRIMARY KEY (station, signal, version)
) WITHOUT ROWID
"""

_ESTIMATES = """
CREATE TABLE estimates (
    station TEXT NOT NULL,
    product TEXT NOT NULL CHECK (product IN ('live', 'daily')),
    time TEXT NOT NULL,
    effective_time TEXT,
    window_s INTEGER NOT NULL,
    vwc REAL,
    vwc_lower REAL,
    vwc_upper REAL,
    phase_anomaly_deg REAL,
    n_arcs INTEGER NOT NULL,
    n_tracks_expected INTEGER,
    coverage REAL,
    flag TEXT NOT NULL,
    model_id TEXT NOT NULL,
    software_version TEXT NOT NULL,
    latency_s INTEGER NOT NULL,
    PRIMARY KEY (station, product, time)
) WITHOUT ROWID
"""

# With which settings the arcs of a station were made: arcs of others do not mix with them.
_ARC_SETTINGS = """
CREATE TABLE arc_settings (
    station TEXT NOT NULL,
    name TEXT NOT NULL,             -- of the configuration: qc.min_points
    value TEXT NOT NULL,            -- JSON
    PRIMARY KEY (station, name)
) WITHOUT ROWID
"""

# Where an arc stands on the sky: signal with constellation, and sector of 45 degrees.
PLACE_SQL = ("substr(satellite, 1, 1) || signal", "CAST(azimuth_deg / 45 AS INTEGER)")

# What an arc was heard with; nothing is known of what an older version wrote.
EQUIPMENT_SQL = "COALESCE(equipment, '')"

# Observations inside the detrending range of elevations, for two days before the newest.
_SNR_HOURS = """
CREATE TABLE snr_hours (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL,             -- whose antenna
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    satellite TEXT NOT NULL,
    hour INTEGER NOT NULL,          -- since 1970, GPS time
    n_points INTEGER NOT NULL,
    glonass_channel INTEGER,
    points BLOB NOT NULL,           -- see daemon.store.packing
    UNIQUE (file_id, satellite, hour)
)
"""

# From when on the arcs or the weather have changed that a station's estimates rest on.
_ESTIMATES_DUE = """
CREATE TABLE estimates_due (
    station TEXT PRIMARY KEY,
    since TEXT NOT NULL
) WITHOUT ROWID
"""

_WEATHER = """
CREATE TABLE weather (
    station TEXT NOT NULL,
    time TEXT NOT NULL,
    temperature_c REAL,
    rain_mm REAL,
    PRIMARY KEY (station, time)
) WITHOUT ROWID
"""

# Estimates that are to be sent. One that is made again moves to the end.
_OUTBOX = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    station TEXT NOT NULL,
    product TEXT NOT NULL,
    time TEXT NOT NULL,
    UNIQUE (station, product, time)
)
"""

_COUNTERS = "CREATE TABLE counters (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID"

# Models that have made estimates. Of those without training, what tells of it is NULL.
_MODELS = """
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    model_id TEXT NOT NULL,
    name TEXT NOT NULL,
    since TEXT NOT NULL,            -- time of its first estimate
    first_day TEXT,                 -- of its training, UTC
    last_day TEXT,
    n_days INTEGER,                 -- days that trained
    lowest REAL,                    -- range of their reference, m3 m-3
    highest REAL,
    skill REAL,                     -- in blocks that it had not seen
    weather TEXT NOT NULL,          -- what of rain and temperature it was trained with
    UNIQUE (station, model_id)
)
"""

_MODEL_TRACKS = """
CREATE TABLE model_tracks (
    id INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    track TEXT NOT NULL,            -- its name, G05-S2X-rising-120
    satellite TEXT NOT NULL,        -- or the constellation, where its satellites share the track
    signal TEXT NOT NULL,
    direction TEXT NOT NULL,
    azimuth_first_deg REAL NOT NULL,    -- clockwise from here
    azimuth_width_deg REAL NOT NULL,
    weight REAL NOT NULL,           -- 0 to 1
    UNIQUE (model, track)
)
"""
# Receiver and antenna of arcs and observations.
_EQUIPMENT = (
    "ALTER TABLE arcs ADD COLUMN equipment TEXT",
    "DROP INDEX arcs_by_place",
    "CREATE INDEX arcs_by_place ON arcs "
    f"(station, {', '.join(PLACE_SQL)}, {EQUIPMENT_SQL}, closed) WHERE accepted",
    "CREATE INDEX arcs_of_unknown ON arcs (station) WHERE equipment IS NULL",
    # A file may change its equipment inside an hour.
    "ALTER TABLE snr_hours RENAME TO snr_hours_3",
    _SNR_HOURS.replace("    n_points", "    equipment TEXT,\n    n_points").replace(
        "satellite, hour)", "satellite, hour, equipment)"
    ),
    "INSERT INTO snr_hours (id, site, file_id, satellite, hour, n_points, glonass_channel, points) "
    "SELECT id, site, file_id, satellite, hour, n_points, glonass_channel, points FROM snr_hours_3",
    "DROP TABLE snr_hours_3",
    "CREATE INDEX snr_by_hour ON snr_hours (site, hour)",
    "CREATE INDEX snr_of_unknown ON snr_hours (site) WHERE equipment IS NULL",
)

# What is to be sent, to whom, and how far each destination (a sink) has got.
_OUTBOX_OF_SINKS = (
    "ALTER TABLE outbox RENAME TO outbox_4",
    """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    station TEXT NOT NULL,
    product TEXT NOT NULL CHECK (product IN ('live', 'daily', 'arc')),
    time TEXT NOT NULL,             -- of the estimate; of an arc: when it closed
    arc INTEGER NOT NULL,           -- its id in arcs, 0 for estimates
    queued_at TEXT NOT NULL,
    UNIQUE (station, product, time, arc)
)
""",
    "INSERT INTO outbox SELECT id, station, product, time, 0, time FROM outbox_4",
    "DROP TABLE outbox_4",
    """
CREATE TABLE sinks (
    name TEXT PRIMARY KEY,
    cursor INTEGER NOT NULL,        -- rows of the outbox up to this one are done
    delivered INTEGER NOT NULL,
    delivered_at TEXT               -- the last time
) WITHOUT ROWID
""",
    # Of each series the newest time that a sink has taken: what is older must not replace it.
    """
CREATE TABLE sink_newest (
    sink TEXT NOT NULL,
    station TEXT NOT NULL,
    product TEXT NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (sink, station, product)
) WITHOUT ROWID
""",
    # What a sink will never take.
    """
CREATE TABLE outbox_rejected (
    id INTEGER PRIMARY KEY,
    sink TEXT NOT NULL,
    station TEXT NOT NULL,
    product TEXT NOT NULL,
    time TEXT NOT NULL,
    arc INTEGER NOT NULL,
    reason TEXT NOT NULL,
    rejected_at TEXT NOT NULL
)
""",
    # Estimates of before were there and are not to be made again.
    """
CREATE TABLE forgotten (
    station TEXT PRIMARY KEY,
    before TEXT NOT NULL
) WITHOUT ROWID
""",
)

# One more state of a file. SQLite changes no CHECK; the tables that refer to this one stay, because
# foreign keys are not in force while a store is brought up to date (`daemon.store.opening`).
_QUARANTINE = (
    _FILES.replace("TABLE files", "TABLE files_new")
    .replace("'from_future')", "'from_future', 'quarantined')")
    .replace(
        "    ingested_at TEXT NOT NULL,", "    ingested_at TEXT NOT NULL,\n    site TEXT NOT NULL,"
    ),
    "INSERT INTO files_new SELECT id, station, path, sha256, size, kind, state, reason, n_epochs, "
    "n_snr, n_damage, first_time, last_time, cut, position_m, satellites, orbits, ingested_at, "
    "site FROM files",
    "DROP TABLE files",
    "ALTER TABLE files_new RENAME TO files",
    "CREATE INDEX files_by_content ON files (station, sha256)",
)

# What models in shadow say beside the live estimates; it is never published.
_SHADOW_ESTIMATES = """
CREATE TABLE shadow_estimates (
    station TEXT NOT NULL,
    model_id TEXT NOT NULL,
    time TEXT NOT NULL,
    vwc REAL,
    vwc_lower REAL,
    vwc_upper REAL,
    n_arcs INTEGER NOT NULL,
    coverage REAL,
    flag TEXT NOT NULL,
    revision INTEGER NOT NULL,      -- of the live estimate that it was made beside
    PRIMARY KEY (station, model_id, time)
) WITHOUT ROWID
"""

# Step k takes a store from version k to version k + 1.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        _FILES,
        "CREATE INDEX files_by_content ON files (station, sha256)",
        _ARCS,
        'CREATE INDEX arcs_by_end ON arcs (station, "end")',
        _ARC_FILES,
        "CREATE INDEX arc_files_by_file ON arc_files (file_id)",
        _APRIORI_HEIGHTS,
        _ESTIMATES,
        _ARC_SETTINGS,
    ),
    (
        # Whose antenna a file's observations are of; other stations' files may be let in.
        "ALTER TABLE files ADD COLUMN site TEXT NOT NULL DEFAULT ''",
        "UPDATE files SET site = station WHERE kind IN ('observation', 'snr66')",
        # The time of the data from which on a height holds. Those of before were frozen already.
        "ALTER TABLE apriori_heights RENAME COLUMN learnt_at TO since",
        "UPDATE apriori_heights SET since = '1980-01-06T00:00:00.000Z'",
        "ALTER TABLE estimates ADD COLUMN revision INTEGER NOT NULL DEFAULT 1",
        f"CREATE INDEX arcs_by_place ON arcs (station, {', '.join(PLACE_SQL)}, closed) "
        "WHERE accepted",
        "CREATE INDEX arcs_by_closed ON arcs (station, closed)",
        _SNR_HOURS,
        "CREATE INDEX snr_by_hour ON snr_hours (site, hour)",
        _ESTIMATES_DUE,
        _WEATHER,
        _OUTBOX,
        _COUNTERS,
    ),
    (
        _MODELS,
        _MODEL_TRACKS,
        # The track of an arc under the model in use when it was first looked at: an id of
        # model_tracks, 0 for no track, NULL while none has looked.
        "ALTER TABLE arcs ADD COLUMN model_track INTEGER",
        "CREATE INDEX arcs_to_weigh ON arcs (station, closed) "
        "WHERE accepted AND model_track IS NULL",
    ),
    _EQUIPMENT,
    _OUTBOX_OF_SINKS,
    _QUARANTINE,
    (_SHADOW_ESTIMATES,),
)

SCHEMA_VERSION = len(MIGRATIONS)
