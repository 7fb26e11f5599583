"""The embedded store of a station, one SQLite file.

Only this package speaks SQL. `Store` is what the rest sees; it is put together of `files`, `arcs`
(with a-priori heights), `points` (the observations of two days), `estimates` (with weather),
`outbox`, `models` (with the tracks of arcs) and `shadows` (estimates of models on trial). `schema`
holds the tables and the steps between versions; `opening` tells a store from what is none; `lock`
keeps a second writer out; `packing` and `rows` turn arrays into rows and back.
"""

from daemon.store.database import Store
from daemon.store.lock import is_held
from daemon.store.model_records import ModelRecord, TrackRecord
from daemon.store.outbox import OutboxRow, SinkState
from daemon.store.packing import hour_of
from daemon.store.points import KeptPoints
from daemon.store.records import FileRecord, FileState
from daemon.store.rows import arc_rows
from daemon.store.shadows import BesideLive

__all__ = [
    "BesideLive",
    "FileRecord",
    "FileState",
    "KeptPoints",
    "ModelRecord",
    "OutboxRow",
    "SinkState",
    "Store",
    "TrackRecord",
    "arc_rows",
    "hour_of",
    "is_held",
]
