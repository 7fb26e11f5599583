"""Another receiver, antenna or firmware: other tracks, and no jump in what is said of the soil."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from retrieval.equipment import equipment_token
from retrieval.errors import InputError, UnreadableFileError
from retrieval.fusion import LinearModel, LinearSettings, RetrospectiveModel
from retrieval.fusion.model_folder import load_model, save_model
from retrieval.fusion.track_learning import learn_tracks
from retrieval.fusion.trained import train
from retrieval.interferogram import wrap_deg
from retrieval.soil import SoilLimits

FIRST = "1 | RECEIVER | 5.2.0 | 7 | ANTENNA NONE"
FIRMWARE = "1 | RECEIVER | 5.3.0 | 7 | ANTENNA NONE"
ANTENNA = "1 | RECEIVER | 5.2.0 | 8 | OTHER SNOW"
SHIFT_DEG = 17.0  # of all phases of the later equipment
TRACKS = 6
MODEL = LinearSettings(soil=SoilLimits(0.06, 0.44, 0.01))


def cycle(days):
    """Wetness of days in degrees: 20 on one day of eight, falling over the next two."""
    return np.array([20.0, 12.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0])[np.arange(days) % 8]


@pytest.fixture
def changing(made_arcs):
    """Arcs of six satellites whose equipment is given by day; other than `FIRST` shifts phases."""

    def make(texts, shift_deg=SHIFT_DEG, **columns):
        texts = np.array(texts, dtype=object)
        shift = np.where((texts == FIRST) | (texts == ""), 0.0, shift_deg)
        raw = np.linspace(-150, 175, TRACKS) - cycle(len(texts))[:, None] + shift[:, None]
        return made_arcs(raw, equipment=texts[:, None], **columns)

    return make


def daily(arcs, hour_of, days):
    """Estimates of the linear model at the last hour of days."""
    times = pd.DatetimeIndex([hour_of(day, 23)[0] for day in days])
    return LinearModel(MODEL).estimate(arcs, times)


@pytest.fixture(scope="module")
def named(station):
    """The simulated record of 70 days, and the same with new firmware from day 45 on."""
    late = station.arcs["start"] >= pd.Timestamp(station.days[45]).tz_localize("UTC")
    arcs = station.arcs.assign(equipment=np.where(late, FIRMWARE, FIRST))
    shifted = (arcs["phase_deg"] + 30.0 + 180.0) % 360.0 - 180.0
    return arcs.assign(phase_deg=arcs["phase_deg"].where(~late, shifted))


@pytest.fixture(scope="module")
def model(station, named):
    return train(named, station.days[:45], station.vwc[:45], "mean-phase")


class TestTracks:
    def test_each_equipment_has_tracks_with_reference_height_and_norm_of_its_own(self, changing):
        texts = [FIRST] * 16 + [FIRMWARE] * 16
        late = (np.arange(32) >= 16)[:, None]
        arcs = changing(
            texts,
            amplitude=np.where(late, 20.0, 10.0),
            apriori_height_m=np.where(late, 1.9, 1.8),
            reflector_height_m=np.where(late, 1.9, 1.8),
        )
        table = learn_tracks(arcs)
        tokens = sorted(equipment_token(text) for text in (FIRST, FIRMWARE))
        names = [f"G{k + 1:02d}-S2X-rising" for k in range(TRACKS)]
        assert table.identity.tolist() == [f"{name}-{t}" for name in names for t in tokens]
        new = table.epoch == equipment_token(FIRMWARE)
        assert table.apriori_height_m[new].tolist() == [1.9] * TRACKS
        assert table.apriori_height_m[~new].tolist() == [1.8] * TRACKS
        assert table.amplitude[new] == pytest.approx(20.0)
        assert table.amplitude[~new] == pytest.approx(10.0)
        # Days of wetness 0 are the median of both halves.
        apart_deg = wrap_deg(table.reference_deg[new] - table.reference_deg[~new])
        assert apart_deg == pytest.approx(SHIFT_DEG)
        assert np.nanmax(np.abs(table.place(arcs).anomaly_deg)) <= 20.5

    def test_the_order_in_which_arcs_come_does_not_count(self, changing):
        arcs = changing(([FIRST] * 12 + [ANTENNA] * 12) * 2)
        expected = learn_tracks(arcs).to_frame()
        shuffled = learn_tracks(arcs.sample(frac=1, random_state=4)).to_frame()
        pd.testing.assert_frame_equal(shuffled, expected, check_exact=True)

    def test_the_old_equipment_comes_back_to_its_old_tracks(self, changing):
        arcs = changing([FIRST] * 12 + [ANTENNA] * 12 + [FIRST] * 12)
        table = learn_tracks(arcs)
        assert len(table) == 2 * TRACKS
        first = table.epoch == equipment_token(FIRST)
        assert table.n_rows[first].tolist() == [24] * TRACKS
        placed = table.place(arcs)
        day = placed.arcs.closed // 86_400_000
        assert set(placed.track[day == day[0]]) == set(placed.track[day == day[-1]])

    def test_a_table_takes_only_what_it_knows_and_one_that_knows_nothing_takes_all(self, changing):
        of_first, of_none = (learn_tracks(changing([text] * 12)) for text in (FIRST, ""))
        assert of_none.identity[0] == "G01-S2X-rising"
        for text in (FIRST, FIRMWARE, ""):
            arcs = changing([text])
            assert (of_none.place(arcs).track >= 0).all()
            assert (of_first.place(arcs).track >= 0).all() == (text == FIRST)
            assert (of_first.place(arcs).track >= 0).any() == (text == FIRST)

    def test_satellites_that_share_tracks_are_told_apart_by_equipment_too(self, changing):
        names = [[f"E{k:02d}" for k in range(1, TRACKS + 1)]]
        arcs = changing([FIRST] * 12 + [ANTENNA] * 12, satellite=names, azimuth_deg=22.0)
        table = learn_tracks(arcs)
        assert sorted(table.epoch) == sorted(equipment_token(t) for t in (FIRST, ANTENNA))
        assert len(table.subtracks) == 2 * TRACKS

    def test_arcs_without_the_column_are_as_those_of_unknown_equipment(self, changing):
        arcs = changing([""] * 12)
        pd.testing.assert_frame_equal(
            learn_tracks(arcs.drop(columns="equipment")).to_frame(), learn_tracks(arcs).to_frame()
        )


class TestLinear:
    """The reference-free model, causal and retrospective."""

    def test_the_level_begins_anew_as_calibrating_and_never_jumps(self, changing, hour_of):
        n_before, n = 40, 80
        arcs = changing([FIRST] * n_before + [FIRMWARE] * (n - n_before))
        whole = daily(changing([FIRST] * n), hour_of, range(35, n))
        found = daily(arcs, hour_of, range(35, n))
        before, first_day = slice(0, 5), 5
        pd.testing.assert_frame_equal(found[before], whole[before], check_exact=True)
        # On the day of the change the old tracks fall silent; there is no history of the new ones.
        assert found["flag"][first_day] == "degraded"
        assert found["coverage"][first_day] == 0.0
        # Thirty days later, on the 31st with arcs, the level of the new ones stands.
        after = found[first_day + 1 :].reset_index(drop=True)
        assert (after["flag"][:29] == "calibrating").all()
        assert (after["vwc"][:29] == 0.25).all()
        assert (after["flag"][29:] == "good").all()
        assert after["n_arcs"].eq(TRACKS).all()
        # The shift is in the new references: moisture is what it was, 17 * .0148 = .25 off else.
        expected = whole["vwc"][first_day + 1 + 29 :].to_numpy()
        assert after["vwc"][29:].to_numpy() == pytest.approx(expected, abs=0.002)
        unknown = arcs.assign(equipment="")
        blind = daily(unknown, hour_of, range(35, n))
        jump = (blind["vwc"] - whole["vwc"])[first_day : first_day + 3]
        assert jump.to_numpy() == pytest.approx(-0.25, abs=0.02)

    def test_an_old_equipment_comes_back_to_its_level(self, changing, hour_of):
        texts = [FIRST] * 40 + [ANTENNA] * 8 + [FIRST] * 8
        whole = daily(changing([FIRST] * 56), hour_of, range(56))
        found = daily(changing(texts), hour_of, range(56))
        assert (found["flag"][41:48] == "calibrating").all()
        # The day of the return has the antenna's tracks to compare with, and hears none of them.
        assert found["flag"][48] == "calibrating"
        assert (found["flag"][49:] == "good").all()
        assert found["vwc"][49:].to_numpy() == pytest.approx(whole["vwc"][49:].to_numpy(), abs=2e-3)

    def test_equipment_that_never_changes_is_as_none_that_is_known(self, changing, hour_of):
        one, other = (daily(changing([text] * 45), hour_of, range(45)) for text in (FIRST, ""))
        pd.testing.assert_frame_equal(one, other, check_exact=True)

    def test_the_record_of_each_is_estimated_by_itself_in_retrospect(self, changing):
        settings = LinearSettings(soil=MODEL.soil, dry_season_doy=(61, 180))
        model = RetrospectiveModel(settings)
        arcs = changing([FIRST] * 40 + [FIRMWARE] * 40)
        found = model.estimate(arcs)
        assert (found["flag"] == "good").all()
        assert len(model.levels_) == 2
        assert found["time"].is_monotonic_increasing
        assert len(found) == 80
        halves = [changing([FIRST] * 80)[: 40 * TRACKS], changing([FIRST] * 80)[40 * TRACKS :]]
        apart = pd.concat([RetrospectiveModel(settings).estimate(half) for half in halves])
        columns = ["vwc", "vwc_lower", "vwc_upper", "phase_anomaly_deg"]
        np.testing.assert_allclose(found[columns], apart[columns], atol=1e-9)

    def test_the_day_of_a_change_is_whose_arcs_are_more(self, changing):
        day = np.arange(40)[:, None]
        late = (day > 20) | ((day == 20) & (np.arange(TRACKS) >= 2))
        texts = np.where(late, FIRMWARE, FIRST)
        arcs = changing([FIRST] * 40).assign(equipment=texts.ravel())
        found = RetrospectiveModel(MODEL).estimate(arcs)
        assert len(found) == 40
        assert found["n_arcs"][20] == 4


class TestTrained:
    def test_what_it_does_not_know_lowers_coverage_until_nothing_is_said(
        self, station, named, model
    ):
        change = pd.Timestamp(station.days[45]).tz_localize("UTC")
        times = pd.date_range(change, change + pd.Timedelta("30h"), freq="3h")
        found = model.estimate(named, times)
        assert found["coverage"].is_monotonic_decreasing
        assert found["coverage"].iloc[0] > 0.8
        assert found["flag"].iloc[0] == "good"
        assert (found["flag"][found["coverage"] < 0.5] == "degraded").all()
        gone = found["n_arcs"] == 0
        assert gone.iloc[-2:].all()
        assert found.loc[gone, "vwc"].isna().all()
        # Of the same arcs without names it would have said something quite wrong.
        blind = train(
            station.arcs.assign(equipment=""), station.days[:45], station.vwc[:45], "linear"
        )
        assert (blind.estimate(named, times)["coverage"] > 0.8).all()

    def test_it_trains_on_the_equipment_that_was_last_heard(self, station, named):
        with pytest.raises(InputError, match=r"20 days .* other receivers and antennas do"):
            train(named, station.days[:65], station.vwc[:65], "mean-phase")
        # Where the first comes back on day 60, its 45 days and 5 more train.
        again = named["start"] >= pd.Timestamp(station.days[60]).tz_localize("UTC")
        back = named.assign(equipment=named["equipment"].where(~again, FIRST))
        record = train(back, station.days[:65], station.vwc[:65], "mean-phase").record
        assert (record.equipment, record.n_days) == (FIRST, 50)

    def test_days_of_others_leave_no_trace_in_a_model(self, station, named):
        """An old receiver's days before, whatever they say, give the same model."""
        late = station.days[25:70]
        new = named["start"] >= pd.Timestamp(station.days[25]).tz_localize("UTC")
        mixed = named.assign(equipment=np.where(new, FIRMWARE, ANTENNA))
        alone = train(mixed[new], late, station.vwc[25:70], "linear")
        both = train(mixed, station.days, station.vwc, "linear")
        assert both.model_id == alone.model_id
        assert both.record == alone.record

    def test_the_record_names_what_was_heard_with_and_the_folder_keeps_it(
        self, station, model, tmp_path
    ):
        assert model.record.equipment == FIRST
        save_model(model, tmp_path / "model")
        assert load_model(tmp_path / "model").record == model.record
        unnamed = station.arcs.drop(columns="equipment")
        without = train(unnamed, station.days[:45], station.vwc[:45], "mean-phase")
        assert without.record.equipment == ""
        save_model(without, tmp_path / "without")
        assert load_model(tmp_path / "without").record == without.record

    def test_a_folder_whose_tracks_are_of_another_equipment_is_refused(self, model, tmp_path):
        record = dataclasses.replace(model.record, equipment=FIRMWARE)
        save_model(dataclasses.replace(model, record=record), tmp_path / "model")
        with pytest.raises(UnreadableFileError, match="receiver and antenna are not those"):
            load_model(tmp_path / "model")
