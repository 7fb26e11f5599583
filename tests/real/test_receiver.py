"""The simulated receiver against what real ones reported."""

import numpy as np
import pytest

from retrieval.gnss import satellite_code, signal_code
from retrieval.rinex import read_observations
from retrieval.simulation.receiver.cn0_estimator import codeless_loss_db

# Without the power that later blocks shift to P(Y); as flown in 2020 and 2021.
BLOCK_IIR = [satellite_code(f"G{number:02d}") for number in (2, 11, 13, 16, 19, 20, 21, 22, 28)]
FILES = {
    "esbc": "rinex3/ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz",
    "zimm": "rinex2/zimm0020.21o.gz",
    "cn00": "rinex2/cn000010.21o.gz",
}


def noise_of_differences(snr, signal: str) -> tuple[np.ndarray, np.ndarray]:
    """Third differences of 1 Hz amplitudes over sqrt(20), and the amplitudes."""
    differences, amplitudes = [], []
    for satellite in np.unique(snr.satellite):
        rows = np.flatnonzero((snr.signal == signal_code(signal)) & (snr.satellite == satellite))
        steps = np.diff(snr.time[rows])
        for part in np.split(rows, np.flatnonzero(steps != np.timedelta64(1, "s")) + 1):
            amplitude = 10 ** (snr.snr_dbhz[part] / 20)
            if len(part) >= 20:
                differences.append(np.diff(amplitude, 3) / np.sqrt(20))
                amplitudes.append(amplitude[2:-1])
    return np.concatenate(differences), np.concatenate(amplitudes)


@pytest.mark.parametrize("signal", ["GS1C", "GS2X", "GS5X", "ES1X", "ES8X", "RS1C", "RS2C"])
def test_noise_is_that_of_a_receiver_at_1_hz(shared_data, signal):
    snr = read_observations(
        shared_data / "ground/rinex3/GRAS00FRA_R_20223151700_15M_01S_MO.crx.gz"
    ).snr
    difference, amplitude = noise_of_differences(snr, signal)
    for low_dbhz, high_dbhz in ((35, 40), (40, 45), (45, 50), (50, 55)):
        here = (amplitude >= 10 ** (low_dbhz / 20)) & (amplitude < 10 ** (high_dbhz / 20))
        if here.sum() < 300:
            continue
        # The standard deviation from the median, which multipath with fast fringes moves less.
        measured = 1.4826 * np.median(np.abs(difference[here]))
        rounding = amplitude[here] * np.log(10) / 20 * 0.1
        # f = 2, tau = 1 s, T = 1 ms.
        expected = np.sqrt(2.0 + np.mean(amplitude[here] ** 2 / 4000 + rounding**2 / 12))
        assert measured == pytest.approx(expected, rel=0.4), (signal, low_dbhz)


@pytest.mark.parametrize("station", FILES)
def test_codeless_signal_is_as_weak_as_in_real_files(shared_data, station):
    snr = read_observations(shared_data / "ground" / FILES[station]).snr
    tables = {}
    for band, name in ((1, "GS1C"), (2, "GS2W")):
        signal = signal_code(name if station == "esbc" else f"GS{band}")
        rows = (snr.signal == signal) & np.isin(snr.satellite, BLOCK_IIR)
        keys = zip(snr.time[rows].tolist(), snr.satellite[rows].tolist(), strict=True)
        tables[band] = dict(zip(keys, snr.snr_dbhz[rows].tolist(), strict=True))
    pairs = np.array([(tables[1][key], tables[2][key]) for key in tables[1] if key in tables[2]])
    for low_dbhz in (38, 41, 44, 47):
        coarse, codeless = np.median(
            pairs[(pairs[:, 0] >= low_dbhz) & (pairs[:, 0] < low_dbhz + 3)], axis=0
        )
        # P(Y) 1.5 dB below C/A on both carriers.
        expected = coarse - 1.5 - codeless_loss_db(coarse - 1.5)
        assert codeless == pytest.approx(expected, abs=1.5)
