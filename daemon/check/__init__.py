"""``soilglint check``: what the service would do with a configuration, and what it lacks.

Nothing is changed or made: files are read, the store is opened for reading only. `settings` says
what the configuration asks for, `model` loads the model, `inbox` looks at the folder and `newest`
into its newest observation file, `orbits` at navigation and SP3 files, `store` at the database and
its disk, `sinks` reaches where results go. All of it comes as `Finding`; `could_run` is the verdict
and `check_lines` writes it for people.
"""

from daemon.check.finding import Finding, Level, check_lines, could_run
from daemon.check.station import check_station

__all__ = ["Finding", "Level", "check_lines", "check_station", "could_run"]
