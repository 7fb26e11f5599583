"""Bias that polynomial detrending puts on phase and height, over phase and reflector height.

Prints the table of docs/deviations.md. A noise-free interferogram of 10 volts on a smooth direct
signal is detrended and fitted as the chain does, for phases from 0 to 350 degrees.

    python benchmarks/detrending_bias.py
"""

import numpy as np

from retrieval import gnss
from retrieval.arcs import ArcSettings, SkyPoints, cut_arcs
from retrieval.interferogram import detrend, fit_fixed_height, wrap_deg
from retrieval.periodogram import height_grid, spectral_peaks

PHASES_DEG = np.arange(0, 360, 10)
SWING_DEG = 40


def biases(signal: str, height_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Phase bias (deg) and height bias (mm) for each phase."""
    wavelength_m = gnss.wavelength_m(signal)
    elevation = np.linspace(5, 30, 150)
    t = np.sin(np.radians(elevation))
    direct = 100 + 4 * elevation - 0.03 * elevation**2
    n = len(elevation)
    phase_bias, height_bias = [], []
    for phase in PHASES_DEG:
        volts = direct + 10 * np.sin(4 * np.pi * height_m / wavelength_m * t + np.radians(phase))
        points = SkyPoints(
            np.datetime64("2025-01-10", "ns") + (np.arange(n) * 30 * 10**9).astype("m8[ns]"),
            np.full(n, gnss.satellite_code("G05"), np.int32),
            np.full(n, gnss.signal_code(signal), np.int64),
            20 * np.log10(volts),
            elevation,
            np.zeros(n),
            np.zeros(n),
            np.zeros(n, np.int8),
            np.zeros(n, np.int64),
        )
        waves = detrend(cut_arcs(points, ArcSettings()), np.array([wavelength_m]))
        fit = fit_fixed_height(waves, np.array([height_m]))
        peak = spectral_peaks(
            waves.t, waves.dsnr, waves.start, waves.wavelength_m, height_grid((0.4, 8.0), 0.005)
        )
        phase_bias.append(wrap_deg(fit.phase_deg - phase)[0])
        height_bias.append((peak.height_m[0] - height_m) * 1000)
    return np.array(phase_bias), np.array(height_bias)


def main() -> None:
    print(
        "| signal | height (m) | phase bias (deg) | change over 40 deg (deg) | height bias (mm) |"
    )
    print("|---|---|---|---|---|")
    for signal in ("GS1C", "GS2L", "GS5Q"):
        for height_m in (1.0, 1.5, 1.8, 2.0, 2.5, 4.0):
            phase, height = biases(signal, height_m)
            swing = np.abs(phase - np.roll(phase, SWING_DEG // 10)).max()
            print(
                f"| {signal} | {height_m:.1f} | {phase.min():+.1f} to {phase.max():+.1f} | "
                f"{swing:.1f} | {height.min():+.0f} to {height.max():+.0f} |"
            )


if __name__ == "__main__":
    main()
