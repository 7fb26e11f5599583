"""New files of the inbox -> arcs in the store.

`look` goes through the inbox; `reader` reads a file; `account` keeps the records of files; `report`
tells what it brought; `ephemerides` knows which orbit files serve which observations, and `lacks`
what is without; `tidying` clears up after finished files, `quarantine` after those that cannot be
used; `settings` keeps arcs of different settings apart; `memory` keeps what the service need not
read again.

What belongs together (the files' records, the arcs, the heights learnt from them) is written in one
transaction; a process killed in between has done whole batches and nothing else.
"""

from daemon.ingest.look import ingest
from daemon.ingest.memory import InboxMemory
from daemon.ingest.report import IngestReport
from daemon.ingest.settings import changed_settings, setting_notes

__all__ = ["InboxMemory", "IngestReport", "changed_settings", "ingest", "setting_notes"]
