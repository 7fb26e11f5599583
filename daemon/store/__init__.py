"""The embedded store of a station: files, arcs, a-priori heights and estimates in one SQLite file.

Only this package speaks SQL. `Store` is what the rest sees; `schema` holds the tables and the steps
between versions; `lock` keeps a second writer out.
"""

from daemon.store.database import Store, arc_rows
from daemon.store.records import FileRecord, FileState

__all__ = ["FileRecord", "FileState", "Store", "arc_rows"]
