import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.gnss import signal_code
from retrieval.simulation import simulate_arcs
from retrieval.simulation.scenario_sections import SignalSection
from retrieval.simulation.signals import DEFAULT_SIGNALS, other_carrier, received_dbw


def test_every_usual_signal_exists_and_has_a_power():
    for letter, codes in DEFAULT_SIGNALS.items():
        assert len(codes) == 3
        for code in codes:
            assert code[0] == letter
            signal_code(code)
            assert -165 < received_dbw(code) < -150


def test_powers_are_two_decibels_above_those_guaranteed():
    # IS-GPS-200N, table 3-Va: L1 C/A -158.5 dBW, L2C of IIF -160, P(Y) on L1 -161.5, on L2 -164.5.
    assert received_dbw("GS1C") == -156.5
    assert received_dbw("GS2L") == received_dbw("GS2X") == -158.0
    assert received_dbw("GS1W") == -159.5
    assert received_dbw("GS2W") == received_dbw("GS2P") == -162.5
    # Galileo OS SIS ICD 2.1, table 1: E1 -157.25 dBW, E5a -155.25.
    assert received_dbw("ES1C") == -155.25
    assert received_dbw("ES5Q") == -153.25


def test_a_signal_of_unknown_power_asks_for_it():
    with pytest.raises(InputError, match=r"'IS5A': no received power .* give received_dbw"):
        received_dbw("IS5A")


def test_the_other_carrier_aids_with_the_power_that_the_scenario_states():
    of_all = SignalSection(code="GS1W", received_dbw=-150.0)
    of_two = SignalSection(code="GS1W", received_dbw=-151.0, satellites=("G03", "G10"))
    civil = SignalSection(code="GS1C", received_dbw=-152.0)
    alone = SignalSection(code="GS2W")
    few = SignalSection(code="GS2W", satellites=("G10", "G03"))
    assert other_carrier(alone, [civil, of_two, of_all]) is of_all
    assert other_carrier(few, [civil, of_two]) is of_two
    assert other_carrier(alone, [civil, of_two]).received_dbw is None
    assert other_carrier(few).satellites == few.satellites
    assert other_carrier(SignalSection(code="GS1P")).code == "GS2W"


def test_codeless_signals_rise_with_both_carriers(small):
    def amplitudes(l1_db: float, l2_db: float) -> np.ndarray:
        signals = (
            {"code": "GS1W", "received_dbw": -159.5 + l1_db},
            {"code": "GS2W", "received_dbw": -162.5 + l2_db},
        )
        quiet = {"noise_factor": 0.0, "predetection_s": 1e-5, "step_db": 0.0}
        quiet["codeless_lock_dbhz"] = 1.0
        arcs = simulate_arcs(small(signal=signals, receiver=quiet)).arcs
        return arcs.amplitude[arcs.signal == "S2W"].to_numpy()

    plain = amplitudes(0, 0)
    # In volts 3 dB are a factor of 1.41, whether the signal itself brings them or the loss of that
    # which aids it is smaller: 250 kHz over C/N0 while that is the larger part.
    np.testing.assert_allclose(amplitudes(0, 3) / plain, 10 ** (3 / 20), rtol=0.01)
    ratio = amplitudes(3, 0) / plain
    assert 1.25 < np.median(ratio) < 1.42
