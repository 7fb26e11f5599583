"""The embedded store of a station: files, arcs, a-priori heights and estimates in one SQLite file.

Only this package speaks SQL. `Store` is what the rest sees; `schema` holds the tables and the steps
between versions; `opening` tells a store from what is none; `lock` keeps a second writer out.
"""

from daemon.store.database import Store
from daemon.store.records import FileRecord, FileState
from daemon.store.rows import arc_rows

__all__ = ["FileRecord", "FileState", "Store", "arc_rows"]
