"""What is said of P041 in 2012 when its firmware changes on 1 July and shifts all phases.

    python benchmarks/science/equipment_change.py --out benchmarks/science/RESULTS.md

Simulated arcs under the real reference. From the change on, the phases of each satellite, signal
and direction are moved by an amount of its own, 12 degrees with a standard deviation of 6.
"""

import numpy as np
import pandas as pd
from common import Section, arcs_of, options, pbo_days

from retrieval.errors import InputError
from retrieval.fusion import LinearModel, LinearSettings
from retrieval.fusion.trained import train
from retrieval.simulation import load_scenario
from retrieval.soil import soil_limits

BEFORE, AFTER = (f"1 | RECEIVER | {version} | 1 | ANTENNA NONE" for version in ("5.2.0", "5.3.0"))
TEST = np.array(["2012-10-10", "2012-12-24"], "datetime64[D]")
WAITED_DAYS = (30, 60, 100)


def changed(arcs: pd.DataFrame, since: str, until: str = "2013") -> pd.DataFrame:
    """Return arcs of which those between two times are of the other firmware."""
    rng = np.random.default_rng(1)
    place = arcs["satellite"] + arcs["signal"] + arcs["direction"]
    shift_deg = place.map({name: rng.normal(12, 6) for name in sorted(place.unique())})
    start = arcs["start"]
    late = (start >= pd.Timestamp(since, tz="UTC")) & (start < pd.Timestamp(until, tz="UTC"))
    shifted = (arcs["phase_deg"] + shift_deg + 180.0) % 360.0 - 180.0
    return arcs.assign(
        equipment=np.where(late, AFTER, BEFORE), phase_deg=arcs["phase_deg"].where(~late, shifted)
    )


def linear(arcs: pd.DataFrame, section: Section) -> None:
    """Show flags and what the linear model is off by, run by run of one flag."""
    model = LinearModel(LinearSettings(soil=soil_limits("loam")))
    grid = pd.date_range("2012-06-25", "2012-10-15", freq="6h", tz="UTC")
    vwc = model.estimate(arcs.assign(equipment=BEFORE), grid)["vwc"]
    noon, back = "2012-07-01T12:00", "2012-07-20T12:00"
    cases = {
        "the headers say it": changed(arcs, noon),
        "the headers do not say it": changed(arcs, noon).assign(equipment=""),
        "back on 20 July": changed(arcs, noon, back),
    }
    rows = []
    for case, given in cases.items():
        found = model.estimate(given, grid)
        found["off"] = found["vwc"] - vwc
        for _, run in found.groupby((found["flag"] != found["flag"].shift()).cumsum()):
            said = run["flag"].iloc[0] != "calibrating"
            rows.append(
                {
                    "case": case,
                    "from": f"{run['time'].iloc[0]:%Y-%m-%d %H:%M}",
                    "to": f"{run['time'].iloc[-1]:%Y-%m-%d %H:%M}",
                    "flag": run["flag"].iloc[0],
                    "coverage, least": run["coverage"].min(),
                    "off, least": run["off"].min() if said else np.nan,
                    "off, most": run["off"].max() if said else np.nan,
                }
            )
    section.table("The linear model", pd.DataFrame(rows))


def trained(arcs: pd.DataFrame, days: np.ndarray, vwc: np.ndarray, section: Section) -> None:
    """Show how many days of the new firmware a model needs."""
    given, change = changed(arcs, "2012-07-01"), np.datetime64("2012-07-01")
    test = (days >= TEST[0]) & (days <= TEST[1])
    rows = []
    for waited in WAITED_DAYS:
        for name, settings in (("linear", {}), ("rf-mdi", {"preset": "p041"})):
            rows_of = days < change + waited
            try:
                model = train(given, days[rows_of], vwc[rows_of], name, **settings)
            except InputError as error:
                rows.append({"days": waited, "model": name, "RMSE": np.nan, "note": str(error)})
                continue
            found = model.estimate_days(given, days[test])
            rmse = float(np.sqrt(np.nanmean((found["vwc"] - vwc[test]) ** 2)))
            note = ", ".join(f"{flag} {n}" for flag, n in found["flag"].value_counts().items())
            rows.append({"days": waited, "model": name, "RMSE": rmse, "note": note})
    section.table("Trained again, days after the change", pd.DataFrame(rows))


def main() -> None:
    """Run both parts."""
    given = options(__doc__ or "", "keep")
    scenario = load_scenario("p041-2012")
    arcs = arcs_of(scenario, given.keep)
    days, vwc = pbo_days(given.data / "reference" / "p041_v1.csv.gz", scenario)
    section = Section("A change of firmware", "SIMULATED SNR, real reference")
    linear(arcs, section)
    trained(arcs, days, vwc, section)
    section.write(given.out)


if __name__ == "__main__":
    main()
