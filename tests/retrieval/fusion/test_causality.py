"""What happens after a time changes no causal estimate at or before it, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.fusion import LinearModel, LinearSettings
from retrieval.soil import SoilLimits

DAYS, TRACKS = 30, 5
START = pd.Timestamp("2024-03-01", tz="UTC")
MODEL = LinearModel(
    LinearSettings(
        soil=SoilLimits(0.06, 0.44, 0.01),
        min_days=10,  # so that estimates of moisture are among those compared
        min_tracks=3,
    )
)
GRID = pd.date_range(START, START + pd.Timedelta(days=DAYS), freq="7h")
# Columns that may be altered, and by how much at most.
ALTERED = {
    "phase_deg": 40.0,
    "amplitude": 4.0,
    "azimuth_deg": 30.0,
    "reflector_height_m": 0.3,
    "apriori_height_m": 0.05,
    "dphase_dheight_deg_per_mm": 0.1,
}


@pytest.fixture(scope="module")
def arcs(made_arcs):
    """A month of noisy arcs of five satellites, some of them rejected."""
    rng = np.random.default_rng(7)
    psi = np.where(np.arange(DAYS) % 9 < 3, 15.0, 0.0)[:, None]
    shape = (DAYS, TRACKS)
    raw = np.linspace(-170, 175, TRACKS) - psi + rng.normal(0, 3, shape)
    return made_arcs(raw, amplitude=rng.uniform(8, 12, shape), accepted=rng.random(shape) < 0.8)


@pytest.fixture(scope="module")
def temperature_c():
    """Six-hourly temperatures about freezing."""
    rng = np.random.default_rng(8)
    index = pd.date_range(START, START + pd.Timedelta(days=DAYS), freq="6h")
    return pd.Series(rng.normal(3, 4, len(index)), index=index)


def altered_after(arcs, time, rng):
    """Return the arcs with those that close after a time changed, taken out and added to."""
    later = np.flatnonzero(arcs["closed"] > time)
    changed = arcs.copy()
    for name, most in ALTERED.items():
        values = changed[name].to_numpy(copy=True)
        values[later] += rng.uniform(-most, most, len(later))
        if name == "phase_deg":
            values[later] = (values[later] + 180.0) % 360.0 - 180.0
        changed[name] = values
    accepted = changed["accepted"].to_numpy(copy=True)
    accepted[later] ^= rng.random(len(later)) < 0.3
    changed["accepted"] = accepted
    new = changed.iloc[later].copy()
    # New satellites sort before and after the known ones.
    new["satellite"] = rng.choice(["E01", "G03", "R24"], len(new))
    new["equipment"] = rng.choice(["", "1 | A | 2 |  | B"], len(new))
    new["closed"] += pd.to_timedelta(rng.integers(0, 90, len(new)), unit="h")
    gone = later[rng.random(len(later)) < 0.3]
    whole = pd.concat([changed.drop(index=gone), new], ignore_index=True)
    return whole.sample(frac=1, random_state=int(rng.integers(2**31)))


@given(
    minutes=st.integers(0, DAYS * 24 * 60),
    seed=st.integers(0, 2**32 - 1),
    on_grid=st.booleans(),
)
@settings(max_examples=40)
def test_no_estimate_knows_what_comes_after_it(arcs, temperature_c, minutes, seed, on_grid):
    rng = np.random.default_rng(seed)
    time = START + pd.Timedelta(minutes=minutes)
    if on_grid:  # what closes at the very time of an estimate still counts
        time = GRID[time >= GRID][-1]
    warmer = temperature_c.copy()
    later = warmer.index > time
    warmer[later] += rng.normal(0, 20, later.sum())
    warmer = warmer[~later | (rng.random(len(warmer)) < 0.7)]
    warmer[time + pd.Timedelta(milliseconds=1)] = -60.0

    known = GRID[time >= GRID]
    expected = MODEL.estimate(arcs, known, temperature_c)
    # Times after it are asked as well: they must not leak into those before.
    found = MODEL.estimate(altered_after(arcs, time, rng), GRID, warmer)
    pd.testing.assert_frame_equal(found.iloc[: len(known)], expected, check_exact=True)


def test_the_estimates_compared_are_worth_comparing(arcs, temperature_c):
    """Guard the property: most kinds of estimate are among them."""
    flags = set(MODEL.estimate(arcs, GRID, temperature_c)["flag"])
    assert flags >= {"calibrating", "good", "frozen", "degraded"}


def test_alterations_change_what_comes_after_them(arcs, temperature_c):
    """Guard the property: the alterations are no idle ones."""
    time = GRID[60]
    found = MODEL.estimate(altered_after(arcs, time, np.random.default_rng(0)), GRID, temperature_c)
    expected = MODEL.estimate(arcs, GRID, temperature_c)
    assert (found["phase_anomaly_deg"] != expected["phase_anomaly_deg"])[time < GRID].any()
