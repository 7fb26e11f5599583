"""The part of the store that knows what models in shadow say beside the live estimates.

Nothing of it goes into the outbox: it is there to be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from daemon.estimates import Estimate
from daemon.store.base import Database

__all__ = ["BesideLive", "Shadows"]

_SAID = ("vwc", "vwc_lower", "vwc_upper", "n_arcs", "coverage", "flag")


@dataclass(frozen=True)
class BesideLive:
    """What two models said of one time.

    Attributes
    ----------
    time : str
        UTC text.
    vwc, live_vwc : float or None
        Of the model in shadow, and as it was published, m3 m-3.
    flag, live_flag : str
        Likewise.
    live_model_id : str
        The model that was in use.
    """

    time: str
    vwc: float | None
    flag: str
    live_vwc: float | None
    live_flag: str
    live_model_id: str


class Shadows(Database):
    """Table ``shadow_estimates``."""

    def shadows_due(self, station: str, model_id: str, since: str) -> list[tuple[str, int]]:
        """Return time and revision of the live estimates that a model in shadow has none beside.

        Parameters
        ----------
        station, model_id : str
            The model in shadow.
        since : str
            UTC text to the second; later ones count.
        """
        rows = self._query(
            "SELECT live.time, live.revision FROM estimates AS live LEFT JOIN shadow_estimates "
            "AS shadow ON shadow.station = live.station AND shadow.time = live.time "
            "AND shadow.model_id = ? WHERE live.station = ? AND live.product = 'live' "
            "AND live.time > ? AND (shadow.revision IS NULL OR shadow.revision < live.revision) "
            "ORDER BY live.time",
            (model_id, station, since),
        )
        return [(row["time"], row["revision"]) for row in rows]

    def put_shadows(self, estimates: Sequence[Estimate]) -> None:
        """Write estimates, in place of those of the same model and time."""
        names = ("station", "model_id", "time", *_SAID, "revision")
        marks = ", ".join(f":{name}" for name in names)
        self._connection.executemany(
            f"INSERT OR REPLACE INTO shadow_estimates ({', '.join(names)}) "  # noqa: S608
            f"VALUES ({marks})",
            estimates,
        )

    def shadows(self, station: str, model_id: str) -> list[BesideLive]:
        """Return what a model said in shadow with the live estimates beside, by time."""
        rows = self._query(
            "SELECT shadow.time, shadow.vwc, shadow.flag, live.vwc AS live_vwc, "
            "live.flag AS live_flag, live.model_id AS live_model_id FROM shadow_estimates AS "
            "shadow JOIN estimates AS live ON live.station = shadow.station "
            "AND live.product = 'live' AND live.time = shadow.time "
            "WHERE shadow.station = ? AND shadow.model_id = ? ORDER BY shadow.time",
            (station, model_id),
        )
        return [BesideLive(**dict(row)) for row in rows]

    def keep_shadows(self, station: str, model_ids: Collection[str]) -> None:
        """Take out the estimates of all models but some."""
        known = self._query(
            "SELECT DISTINCT model_id FROM shadow_estimates WHERE station = ?", (station,)
        )
        self._connection.executemany(
            "DELETE FROM shadow_estimates WHERE station = ? AND model_id = ?",
            [(station, row["model_id"]) for row in known if row["model_id"] not in model_ids],
        )
