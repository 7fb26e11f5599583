"""The forward model beside what real stations show."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import skew

from retrieval.chain import arcs_from_files
from retrieval.interferogram import wrap_deg
from retrieval.simulation import Scenario, simulate_arcs, simulate_station

# The place of MCHL.
PLACE = {"latitude_deg": -26.3589, "longitude_deg": 148.1449, "height_m": 534.6}
STATION = {"name": "mchl", "antenna_height_m": 1.7, **PLACE}


def test_phase_goes_the_way_of_the_field(shared_data):
    """Wetting is quick and rare, drying slow: raw phase makes its large changes downward."""
    published = np.loadtxt(shared_data / "ground" / "reference" / "mchl_phase.txt", comments="%")
    # Published phases are negated.
    real = -np.diff(published[:, 2])[np.diff(published[:, 1]) == 1]
    scenario = Scenario.model_validate(
        {
            "title": "SIMULATED",
            "station": STATION,
            "time": {"start": "2017-01-01", "days": 120},
            "sky": {"constellations": "G"},
            "signal": [{"code": "GS2L"}],
            "weather": {"mean_c": 20, "storm_every_days": 7},
        },
        strict=False,
    )
    arcs = simulate_arcs(scenario).arcs
    sector = (arcs.azimuth_deg // 20).astype(int).astype(str)
    days = arcs.assign(
        track=arcs.satellite + arcs.direction + sector, day=arcs.start.dt.floor("D")
    ).pivot_table(index="day", columns="track", values="phase_deg")
    simulated = (days - days.median()).mean(axis=1).diff().dropna().to_numpy()
    for change in (real, simulated):
        assert skew(change) < -1
        assert -change.min() > 1.5 * change.max()


def test_scatter_from_day_to_day_is_that_of_mchl(shared_data, tmp_path):
    """3 to 4 degrees in the median over tracks, as MCHL shows on two January days."""
    snr66 = sorted((shared_data / "ground" / "snr66").glob("mchl01*"))
    real = scatter_deg(arcs_from_files(snr66, position=tuple(PLACE.values())).arcs)
    still = tmp_path / "still.csv"
    still.write_text("time,vwc\n2024-05-13,0.2\n2024-05-17,0.2\n")
    scenario = Scenario.model_validate(
        {
            "title": "SIMULATED",
            "station": STATION,
            "time": {"start": "2024-05-14", "days": 2, "interval_s": 30},
            "sky": {"constellations": "G"},
            "signal": [{"code": "GS1C"}, {"code": "GS2L"}, {"code": "GS5Q"}],
            "moisture": {"path": still},
        },
        strict=False,
    )
    simulate_station(scenario, tmp_path / "out")
    inbox, nav = (sorted((tmp_path / "out" / name).iterdir()) for name in ("inbox", "nav"))
    simulated = scatter_deg(arcs_from_files(inbox, nav=nav).arcs)
    print(f"median scatter of a track: MCHL {real:.2f}, SIMULATED {simulated:.2f} deg")
    assert 2.5 < simulated < 4.5
    assert simulated == pytest.approx(real, rel=0.3)


def scatter_deg(arcs):
    """Median scatter of GPS tracks between two days, the signal's own change taken out."""
    arcs = arcs[arcs.accepted & arcs.satellite.str.startswith("G")]
    midnight = (arcs.start.min() + pd.Timedelta("1h")).floor("1D") + pd.Timedelta("1D")
    keys = ["satellite", "signal", "direction"]
    pairs = arcs[arcs.end < midnight].merge(
        arcs[arcs.start >= midnight], on=keys, suffixes=("", "_next")
    )
    pairs = pairs[np.abs(wrap_deg(pairs.azimuth_deg - pairs.azimuth_deg_next)) < 3]
    moved_mm = 1000 * (pairs.apriori_height_m - pairs.apriori_height_m_next)
    change = pd.Series(
        wrap_deg(
            pairs.phase_deg_next - pairs.dphase_dheight_deg_per_mm * moved_mm - pairs.phase_deg
        ),
        index=pairs.index,
    )
    off = (change - change.groupby(pairs.signal).transform("median")).abs()
    # Median absolute difference of two Gaussian numbers of one degree: .6745 sqrt(2).
    return float(off.median() / 0.954)
