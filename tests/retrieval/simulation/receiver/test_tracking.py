import numpy as np
import pytest

from retrieval.errors import InputError, UnknownSignalError
from retrieval.gnss import satellite_code
from retrieval.simulation.receiver.interruptions import Interruptions
from retrieval.simulation.receiver.tracking import LOCK_MEMORY_S, Receiver, held, received

SATELLITES = np.array([satellite_code(name) for name in ("G01", "G02", "G17")], np.int32)
QUIET = Receiver(noise_factor=0.0, averaging_s=30.0, predetection_s=1e-9)


def span(first: str, last: str, step_s: int = 30) -> np.ndarray:
    step = np.timedelta64(step_s, "s")
    return np.arange(np.datetime64(first, "ns"), np.datetime64(last, "ns"), step)


def hz(dbhz) -> np.ndarray:
    return 10 ** (np.asarray(dbhz, float) / 10)


def passing_satellites(time: np.ndarray) -> np.ndarray:
    """C/N0 in Hz that wanders between out of view and 50 dB-Hz, through the limits of lock."""
    hours = (time - np.datetime64("2012-02-20", "ns")) / np.timedelta64(1, "h")
    waves = [32 + 16 * np.sin(hours / 1.7 + k) + 5 * np.sin(40 * hours * (k + 1)) for k in range(3)]
    dbhz = np.array(waves)
    return np.where(dbhz < 15, np.nan, hz(dbhz))


def tracked(dbhz, step_s=1.0, limit=30.0, margin=3.0, reacquire_s=2.0) -> str:
    time = np.datetime64("2012-02-26", "ns") + (np.arange(len(dbhz)) * step_s * 1e9).astype(
        "timedelta64[ns]"
    )
    row = held(np.array([dbhz], float), time, limit, margin, reacquire_s)[0]
    return "".join("x" if on else "." for on in row)


def test_lost_below_the_limit_and_back_above_the_margin():
    # Lost at 29; 32 is above the limit yet below 33, the margin. Weak for the last time in second
    # 4, so that it has been above for two seconds in second 6.
    assert tracked([40, 31, 30, 29, 32, 35, 35, 32, 30, 29]) == "xxx...xxx."
    # Rising above the margin only for a moment does not help.
    assert tracked([29, 34, 32, 34, 32, 34, 34]) == "......x"
    # With no time to wait, the first value above the margin will do.
    assert tracked([29, 32.9, 33, 30], reacquire_s=0) == "..xx"
    # Out of view is a loss too; what is in view when the record begins is tracked.
    assert tracked([31, np.nan, 31, 34, 34, 34, np.nan]) == "x...xx."


def test_loss_is_forgotten_after_an_hour():
    # At 600 s between epochs: one loss, then six epochs within an hour of it.
    assert tracked([29] + [31] * 8, step_s=600.0) == ".......xx"
    assert LOCK_MEMORY_S == 3600


def test_without_noise_the_report_is_the_truth():
    time = span("2012-02-26", "2012-02-26T01")
    dbhz = np.linspace(30, 55, len(time)) + np.arange(3)[:, np.newaxis]
    reported = received(QUIET, 1, time, SATELLITES, "GS2X", hz(dbhz))
    np.testing.assert_allclose(reported, dbhz, rtol=0, atol=1e-3)
    stepped = received(Receiver(step_db=0.25), 1, time, SATELLITES, "GS2X", hz(dbhz))
    assert (stepped % 0.25 == 0).all()
    assert np.abs(stepped - dbhz).max() > 0.25


def test_report_fits_an_observation_file():
    time = span("2012-02-26", "2012-02-26T00:01")
    cn0_hz = hz([[10.0, 120.0], [30.0, 30.0], [np.nan, 0.0]])
    with np.errstate(divide="raise"):
        cn0_hz[2, 1] = 0.0
        reported = received(QUIET, 1, time, SATELLITES, "GS1C", cn0_hz)
    assert np.isnan(reported[0, 0])
    assert reported[0, 1] == 99.999
    assert np.isnan(reported[2]).all()


def test_horizon_cuts_by_elevation():
    time = span("2012-02-26", "2012-02-26T00:02")
    elevation_deg = np.array([[4.9, 5.0, 5.1, np.nan]] * 3)
    receiver = Receiver(horizon_deg=5.0)
    reported = received(
        receiver, 1, time, SATELLITES, "GS1C", np.full((3, 4), hz(45.0)), elevation_deg
    )
    np.testing.assert_array_equal(np.isnan(reported[0]), [True, False, False, True])


def test_codeless_signal_is_weaker_and_lost_earlier():
    time = span("2012-02-26", "2012-02-26T00:02")
    cn0_hz = np.array([hz([45.0, 40.0, 34.0, 30.0])] * 3)
    open_code = received(QUIET, 1, time, SATELLITES, "GS2X", cn0_hz)
    codeless = received(QUIET, 1, time, SATELLITES, "GS2W", cn0_hz)
    np.testing.assert_allclose(open_code[0], [45, 40, 34, 30], atol=1e-3)
    # 10 log10(1 + 250,000 / C/N0) is 9.50 at 45, 14.15 at 40, 20.02 at 34 and 24.00 at 30 dB-Hz:
    # the last is reported at 6, below the limit of 12.
    np.testing.assert_allclose(codeless[0], [35.50, 25.85, 13.98, np.nan], atol=0.01)
    # Aided by a stronger L1 of 50 dB-Hz it loses 10 log10(1 + 2.5) = 5.44 dB.
    aided = received(
        QUIET, 1, time, SATELLITES, "GS2W", cn0_hz, aiding_cn0_hz=np.full((3, 4), hz(50.0))
    )
    np.testing.assert_allclose(aided[0], [39.56, 34.56, 28.56, 24.56], atol=0.01)


def test_short_intervals_leave_less_time_to_average():
    # a = 100: variance f^2 / (2 tau) + a^2 T / (4 tau) = (2 + 2.5) / tau, tau 1 s or 0.2 s.
    for interval_s, variance in ((30.0, 4.5), (1.0, 4.5), (0.2, 22.5)):
        step = np.timedelta64(round(interval_s * 1e9), "ns")
        time = np.datetime64("2012-02-26", "ns") + np.arange(2880) * step
        receiver = Receiver(interval_s=interval_s)
        snr = received(receiver, 1, time, SATELLITES, "GS1C", np.full((3, 2880), 1e4))
        amplitude = 10 ** (snr / 20)
        # 8,640 values: the variance is known to 1.5 %.
        assert amplitude.var() == pytest.approx(variance, rel=0.06)
        assert np.abs(np.corrcoef(amplitude)[np.triu_indices(3, 1)]).max() < 0.1


def test_signals_have_noise_of_their_own():
    time = span("2012-02-26", "2012-02-27")
    cn0_hz = np.full((3, len(time)), 1e4)
    first, second = (
        received(Receiver(), 1, time, SATELLITES, signal, cn0_hz) for signal in ("GS1C", "GS2X")
    )
    assert abs(np.corrcoef(first[0], second[0])[0, 1]) < 0.1


EVENTFUL = Receiver(
    step_db=0.1,
    interruptions=Interruptions(
        gaps_per_day=20, gap_mean_s=300, restarts_per_day=6, absent_probability=0.2
    ),
)


def test_a_day_alone_is_as_with_its_neighbours():
    whole_time = span("2012-02-25", "2012-02-28")
    whole = received(EVENTFUL, 9, whole_time, SATELLITES, "GS1C", passing_satellites(whole_time))
    memory = np.timedelta64(int(LOCK_MEMORY_S), "s")
    for day in ("2012-02-26", "2012-02-27"):
        first = np.datetime64(day, "ns")
        time = span(str(first - memory), str(first + np.timedelta64(1, "D")))
        alone = received(EVENTFUL, 9, time, SATELLITES, "GS1C", passing_satellites(time))
        here = (whole_time >= first) & (whole_time < first + np.timedelta64(1, "D"))
        np.testing.assert_array_equal(alone[:, time >= first], whole[:, here])
    # Both kinds of loss occur, and a good part is left.
    assert 0.3 < np.isnan(whole).mean() < 0.8


def test_a_satellite_does_not_depend_on_the_others():
    time = span("2012-02-26", "2012-02-27")
    cn0_hz = passing_satellites(time)
    together = received(EVENTFUL, 9, time, SATELLITES, "GS1C", cn0_hz)
    alone = received(EVENTFUL, 9, time, SATELLITES[1:2], "GS1C", cn0_hz[1:2])
    np.testing.assert_array_equal(alone, together[1:2])
    other = received(EVENTFUL, 10, time, SATELLITES, "GS1C", cn0_hz)
    assert not np.array_equal(together, other, equal_nan=True)


def test_signals_of_a_satellite_stop_together_at_a_restart():
    time = span("2012-02-26", "2012-02-27")
    receiver = Receiver(interruptions=Interruptions(restarts_per_day=10))
    cn0_hz = np.full((3, len(time)), hz(45.0))
    first, second = (
        np.isnan(received(receiver, 1, time, SATELLITES, signal, cn0_hz))
        for signal in ("GS1C", "GS2X")
    )
    assert first.any()
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "change",
    [
        {"interval_s": 0},
        {"interval_s": 7},
        {"interval_s": np.nan},
        {"averaging_s": 0.0},
        {"noise_factor": -1},
        {"predetection_s": 2.0},
        {"step_db": -0.1},
        {"lock_dbhz": 0},
        {"codeless_lock_dbhz": 100},
        {"reacquire_s": 4000},
        {"lock_margin_db": np.nan},
    ],
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(InputError):
        Receiver(**change)


def test_what_does_not_fit_is_refused():
    time = span("2012-02-26", "2012-02-26T00:02")
    value = np.full((3, 4), 1e4)
    with pytest.raises(InputError, match="shape"):
        received(Receiver(), 1, time, SATELLITES, "GS1C", value[:2])
    with pytest.raises(InputError, match="interval"):
        received(Receiver(), 1, time + np.timedelta64(1, "s"), SATELLITES, "GS1C", value)
    with pytest.raises(UnknownSignalError):
        received(Receiver(), 1, time, SATELLITES, "GS9C", value)
