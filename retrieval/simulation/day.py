"""One day of a simulated station: what its receiver reports, and the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.gnss import constellation_letters, gps_to_utc, satellite_names
from retrieval.rinex.navigation_records import Navigation
from retrieval.simulation.ground.series import GroundSeries
from retrieval.simulation.receiver.snr_grid import SnrGrid
from retrieval.simulation.receiver.tracking import CODELESS, LOCK_MEMORY_S, received
from retrieval.simulation.scenario import Scenario
from retrieval.simulation.scenario_sections import SignalSection
from retrieval.simulation.signals import other_carrier
from retrieval.simulation.sky.passes import HalfPasses
from retrieval.simulation.spots import Spots, spots
from retrieval.simulation.view import Points, View, points_in_view, sends, sky_between

__all__ = ["SimulatedDay", "simulate_day"]

Floats = NDArray[np.float64]

_DAY = np.timedelta64(1, "D")
_HOUR = np.timedelta64(1, "h")
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class SimulatedDay:
    """What one day gives.

    Attributes
    ----------
    navigation : Navigation
        Broadcast records from midnight to midnight.
    grid : SnrGrid
        What the receiver saw.
    arcs : DataFrame
        Truth of each rise and set that touches the day, per signal: satellite, signal, direction,
        start, end, highest (UTC), azimuth_deg, sector, slope_deg, curvature, scatter_deg,
        amplitude_factor.
    """

    navigation: Navigation
    grid: SnrGrid
    arcs: pd.DataFrame


def simulate_day(
    scenario: Scenario, ground: GroundSeries, source: Navigation, day: np.datetime64
) -> SimulatedDay:
    """Simulate one day; the same whatever other days are simulated.

    Parameters
    ----------
    scenario : Scenario
        All settings.
    ground : GroundSeries
        Of the whole scenario.
    source : Navigation
        What the sky is propagated from.
    day : datetime64
        Its midnight, GPS time.
    """
    day = day.astype("datetime64[ns]")
    sky = sky_between(scenario, source, day, day + _DAY)
    hours = ground.between(*gps_to_utc(np.array([day - 2 * _HOUR, day + _DAY + _HOUR])))
    receiver = scenario.receiver_settings()
    # What is tracked at midnight hangs on the hour before.
    step = np.timedelta64(receiver.interval_ns, "ns")
    before = int(LOCK_MEMORY_S * _NS_PER_S) // receiver.interval_ns
    time = np.arange(day - before * step, day + _DAY, step)
    view = View(scenario, hours, sky)
    visible = points_in_view(scenario, sky, time)
    letters = constellation_letters(sky.satellites)
    measured: dict[str, Floats] = {}
    arcs = []
    for signal in scenario.signals():
        rows = np.flatnonzero(letters == ord(signal.code[0]))
        points = visible.take(np.flatnonzero(sends(signal, visible.satellite)))
        place = (np.searchsorted(rows, points.row), points.epoch)
        met = spots(scenario, signal.code, sky.passes)
        cn0 = np.full((len(rows), len(time)), np.nan)
        cn0[place] = _composite_cn0(view, signal, points, met)
        aiding = None
        if signal.code in CODELESS:
            aiding = np.full((len(rows), len(time)), np.nan)
            other = other_carrier(signal, scenario.signals())
            aiding[place] = _composite_cn0(view, other, points, met)
        reported = received(
            receiver,
            scenario.seed,
            time,
            sky.satellites[rows],
            signal.code,
            cn0,
            aiding_cn0_hz=aiding,
        )[:, before:]
        if signal.code in measured:  # of other satellites
            reported = np.where(np.isnan(reported), measured[signal.code], reported)
        measured[signal.code] = reported
        of_day = points.half_pass[points.epoch >= before]
        arcs.append(_truth(signal.code, sky.passes, met, np.unique(of_day)))
    grid = SnrGrid.of(time[before:], sky.satellites, measured)
    return SimulatedDay(sky.navigation, grid, pd.concat(arcs, ignore_index=True))


def _composite_cn0(view: View, signal: SignalSection, points: Points, met: Spots) -> Floats:
    """Return carrier-to-noise density of direct and reflected signal together, (n,) Hz."""
    power = view.reflected(signal.code, points, met).composite_power
    return view.direct_cn0(signal, points.elevation_deg) * power


def _truth(signal: str, passes: HalfPasses, met: Spots, which: NDArray[np.intp]) -> pd.DataFrame:
    """Return the truth of arcs."""
    times = {
        name: pd.Series(gps_to_utc(getattr(passes, name)[which])).dt.tz_localize("UTC")
        for name in ("start", "end", "highest")
    }
    return pd.DataFrame(
        {
            "satellite": satellite_names(passes.satellite[which]).astype(str),
            "signal": signal[1:],
            "direction": np.where(passes.rising[which], "rising", "setting"),
            **times,
            "azimuth_deg": passes.azimuth_deg[which].round(3),
            "sector": met.sector[which],
            "slope_deg": met.slope_deg[which],
            "curvature": met.curvature[which],
            "scatter_deg": met.scatter_deg[which],
            "amplitude_factor": met.amplitude[which],
        }
    )
