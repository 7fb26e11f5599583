"""What soil moisture does to phase, amplitude and height, by the physics of the forward model.

Prints the tables of docs/forward-model.md and writes its figures. Noise-free arcs of 5 to 30
degrees on L2 over bare, smooth soil, from an antenna at 1.8 m, go through the chain as real ones
do: trend, window of 5 to 25 degrees, fit at the fixed height and with the height free.

    python benchmarks/forward_model_curves.py docs/figures [mchl_phase.txt]

The second argument, a year of daily phases and normalised amplitudes as gnssrefl writes them, adds
what they say of the relation between the two.
"""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np

from retrieval import gnss
from retrieval.arcs import ArcSettings, SkyPoints, cut_arcs
from retrieval.interferogram import detrend, fit_fixed_height, fit_free_height
from retrieval.simulation.reflection.antenna import AntennaPattern, antenna_pattern
from retrieval.simulation.reflection.coefficients import layered_reflection
from retrieval.simulation.reflection.composite import composite_power, reflection_ratio
from retrieval.simulation.reflection.profiles import MoistureProfile, layer_edges
from retrieval.soil import soil_permittivity

mpl.use("Agg")
import matplotlib.pyplot as plt

SIGNAL = "GS2L"
WAVELENGTH_M = gnss.wavelength_m(SIGNAL)
HEIGHT_M = 1.8
TEXTURE, MODEL = "loam", "mironov"
ZENITH_DBHZ = 50.0
MOISTURE = np.linspace(0.05, 0.40, 15)
FIELD_SLOPE = -100 / 1.48
ELEVATION_DEG = np.linspace(5, 30, 150)

PROFILES = {
    "uniform": MoistureProfile("uniform"),
    "exponential, 5 cm, over 0.25": MoistureProfile("exponential", deep=0.25, scale_m=0.05),
    "exponential, 5 cm, over 0.40": MoistureProfile("exponential", deep=0.40, scale_m=0.05),
    "exponential, 2 cm, over 0.40": MoistureProfile("exponential", deep=0.40, scale_m=0.02),
    "front at 1 cm, 0.35 below": MoistureProfile("front", deep=0.35, scale_m=0.01),
    "front at 3 cm, 0.35 below": MoistureProfile("front", deep=0.35, scale_m=0.03),
    "front at 5 cm, 0.35 below": MoistureProfile("front", deep=0.35, scale_m=0.05),
}
ANTENNAS = {
    "choke-ring": antenna_pattern("choke-ring"),
    "choke-ring-copolar": antenna_pattern("choke-ring-copolar"),
    "patch": antenna_pattern("patch"),
}


def turned(antenna: AntennaPattern, phase_deg: float) -> AntennaPattern:
    """Return the antenna with another phase of its left-hand response."""
    return replace(antenna, lhcp_phase_deg=(phase_deg,) * len(antenna.elevation_deg))


def measure(
    antenna: AntennaPattern, profile: MoistureProfile, texture: str = TEXTURE, model: str = MODEL
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return phase (deg), amplitude (volts/volts) and free height (m) for each moisture."""
    return measure_layers(antenna, *profile.layers(MOISTURE), texture, model)


def measure_layers(
    antenna: AntennaPattern,
    thickness_m: np.ndarray,
    moisture: np.ndarray,
    texture: str = TEXTURE,
    model: str = MODEL,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the same for soils given layer by layer, moisture (soils, layers)."""
    epsilon = soil_permittivity(model, moisture, gnss.carrier_frequency_hz(SIGNAL), texture)
    r_h, r_v = layered_reflection(epsilon[:, None, :], thickness_m, ELEVATION_DEG, WAVELENGTH_M)
    ratio = reflection_ratio(antenna, r_h, r_v, ELEVATION_DEG)
    power = composite_power(ratio, HEIGHT_M, ELEVATION_DEG, WAVELENGTH_M)
    direct = np.abs(antenna.rhcp(ELEVATION_DEG) / antenna.rhcp(90.0)) ** 2
    snr = ZENITH_DBHZ + 10 * np.log10(direct * power)
    soils = len(moisture)
    waves = detrend(arcs_of(snr), np.full(soils, WAVELENGTH_M))
    heights = np.full(soils, HEIGHT_M)
    fixed, free = fit_fixed_height(waves, heights), fit_free_height(waves, heights)
    return np.unwrap(fixed.phase_deg, period=360), fixed.amplitude, free.height_m


def arcs_of(snr_dbhz: np.ndarray):
    """Return one arc for each row, a satellite apart."""
    days, n = snr_dbhz.shape
    start = np.datetime64("2025-01-10", "ns")
    satellites = [gnss.satellite_code(f"G{day + 1:02d}") for day in range(days)]
    points = SkyPoints(
        start + np.tile((np.arange(n) * 30 * 10**9).astype("m8[ns]"), days),
        np.repeat(np.array(satellites, np.int32), n),
        np.full(days * n, gnss.signal_code(SIGNAL), np.int64),
        snr_dbhz.ravel(),
        np.tile(ELEVATION_DEG, days),
        np.zeros(days * n),
        np.zeros(days * n),
        np.zeros(days * n, np.int8),
        np.zeros(days * n, np.int64),
    )
    arcs = cut_arcs(points, ArcSettings())
    assert len(arcs) == days
    return arcs


def slope(phase_deg: np.ndarray, low: float = 0.0, high: float = 1.0) -> float:
    """Return the least-squares slope over a range of moisture, degrees per m3 m-3."""
    inside = (low - 1e-9 <= MOISTURE) & (high + 1e-9 >= MOISTURE)
    return float(np.polyfit(MOISTURE[inside], phase_deg[inside], 1)[0])


def rows(cases: Iterable[tuple[str, AntennaPattern, MoistureProfile]]) -> list[str]:
    lines = []
    for name, antenna, profile in cases:
        phase, amplitude, height = measure(antenna, profile)
        relative = amplitude / amplitude[0]
        sunk = 1000 * (height[-1] - height[0])
        lines.append(
            f"| {name} | {slope(phase):+.0f} | {slope(phase, high=0.15):+.0f} | "
            f"{slope(phase, low=0.30):+.0f} | {np.ptp(phase):.1f} | {relative[-1]:.2f} | "
            f"{amplitude[0]:.0f} | {f'{sunk:+.0f}' if np.isfinite(sunk) else 'no fit'} |"
        )
    return lines


def table(title: str, cases: Iterable[tuple[str, AntennaPattern, MoistureProfile]]) -> None:
    print(
        f"\n| {title} | slope | below 0.15 | above 0.30 | swing | A(0.40)/A(0.05) | A(0.05) | "
        "height, 0.40 less 0.05 |\n|---|---|---|---|---|---|---|---|"
    )
    print("\n".join(rows(cases)))


def plot(path: Path, cases: dict[str, tuple[AntennaPattern, MoistureProfile]]) -> None:
    """Draw phase, amplitude and height against surface moisture."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.9), layout="constrained")
    for style, (name, (antenna, profile)) in enumerate(cases.items()):
        phase, amplitude, height = measure(antenna, profile)
        curves = (phase - phase[-1], amplitude / amplitude[0], 1000 * (height - HEIGHT_M))
        for axis, values in zip(axes, curves, strict=True):
            axis.plot(100 * MOISTURE, values, label=name, ls=("-", "--", "-.")[style // 4 % 3])
    axes[0].plot(
        100 * MOISTURE, FIELD_SLOPE * (MOISTURE - MOISTURE[-1]), "k:", label="field: -1/1.48 deg/%"
    )
    for axis, label in zip(
        axes,
        ("phase less that at 40 % (deg)", "amplitude over that at 5 %", "free height - 1.8 m (mm)"),
        strict=True,
    ):
        axis.set(xlabel="surface soil moisture (% volume)", ylabel=label)
        axis.grid(alpha=0.3)
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        fontsize="small",
        frameon=False,
    )
    figure.savefig(path, dpi=85)
    plt.close(figure)


def plot_cross_polar_phase(path: Path) -> None:
    """Draw slope and amplitude ratio against the phase of the left-hand response."""
    phases = np.arange(-180, 181, 15)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for name in ("uniform", "exponential, 5 cm, over 0.25", "exponential, 5 cm, over 0.40"):
        found = [measure(turned(ANTENNAS["choke-ring"], phase), PROFILES[name]) for phase in phases]
        axes[0].plot(phases, [slope(phase) for phase, _, _ in found], label=name)
        axes[1].plot(phases, [a[-1] / a[0] for _, a, _ in found])
    axes[0].axhline(FIELD_SLOPE, color="k", ls=":", label="field")
    axes[0].set_ylabel("slope of phase (deg per m3 m-3)")
    axes[1].set_ylabel("amplitude at 40 % over that at 5 %")
    for axis in axes:
        axis.set(xlabel="phase of left-hand response (deg)", xticks=range(-180, 181, 90))
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize="small", loc="upper right")
    figure.savefig(path, dpi=85)
    plt.close(figure)


def soil_table(antenna: AntennaPattern, profile: MoistureProfile) -> None:
    """Print the slope for textures and dielectric models."""
    textures, models = ("sand", "loam", "clay"), ("mironov", "dobson", "wang-schmugge")
    print("\n| slope | " + " | ".join(textures) + " |\n|---|---|---|---|")
    for model in models:
        slopes = [slope(measure(antenna, profile, texture, model)[0]) for texture in textures]
        print(f"| {model} | " + " | ".join(f"{value:+.0f}" for value in slopes) + " |")


def depth_table(antenna: AntennaPattern) -> None:
    """Print what wetting one slice of a uniform soil does, by 0.05 m3 m-3."""
    slices = ((0.0, 0.01), (0.01, 0.02), (0.02, 0.03), (0.03, 0.05), (0.05, 0.10), (0.10, 0.30))
    edges = layer_edges()
    thickness_m = np.diff(edges)
    print(
        "\n| wetted by 0.05 | "
        + " | ".join(f"{100 * a:.0f}-{100 * b:.0f} cm" for a, b in slices)
        + " |"
    )
    print("|---|" + "---|" * len(slices))
    for base in (0.10, 0.20, 0.30):
        moisture = np.full((len(slices) + 1, len(edges)), base)
        for row, (top, bottom) in enumerate(slices, start=1):
            inside = np.clip(edges[1:], top, bottom) - np.clip(edges[:-1], top, bottom)
            moisture[row, :-1] += 0.05 * inside / thickness_m
        phase, _, _ = measure_layers(antenna, thickness_m, moisture)
        print(f"| {base:.2f} | " + " | ".join(f"{p - phase[0]:+.1f}" for p in phase[1:]) + " |")


def field_amplitudes(path: Path) -> None:
    """Print how amplitude goes with phase from day to day, in the raw sign of the phase."""
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("%")]
    table = np.array(lines, float)
    phase, amplitude = -table[:, 2], table[:, 4]
    window = np.ones(31) / 31

    def quick(values: np.ndarray) -> np.ndarray:
        return values - np.convolve(np.pad(values, 15, mode="reflect"), window, "valid")

    slope, _ = np.polyfit(quick(phase), quick(amplitude), 1)
    r = np.corrcoef(quick(phase), quick(amplitude))[0, 1]
    print(
        f"\n{path.name}: {len(table)} days less their 31-day means: amplitude {slope:+.4f} per "
        f"degree of raw phase, R {r:+.2f}"
    )


def main() -> None:
    folder = Path(sys.argv[1])
    choke = ANTENNAS["choke-ring"]
    table("soil, under a choke ring", [(name, choke, p) for name, p in PROFILES.items()])
    over_moist = "exponential, 5 cm, over 0.25"
    antennas = {
        **ANTENNAS,
        "choke-ring, left-hand at 0": turned(choke, 0),
        "choke-ring, left-hand at 180": turned(choke, 180),
        "choke-ring, left-hand at -90": turned(choke, -90),
    }
    for soil in ("uniform", over_moist, "exponential, 5 cm, over 0.40"):
        table(f"antenna over {soil}", [(n, a, PROFILES[soil]) for n, a in antennas.items()])
    soil_table(choke, PROFILES[over_moist])
    depth_table(choke)
    for name in sys.argv[2:]:
        field_amplitudes(Path(name))
    plot(
        folder / "forward-model-profiles.png",
        {name: (choke, profile) for name, profile in PROFILES.items()},
    )
    plot(
        folder / "forward-model-antennas.png",
        {name: (antenna, PROFILES[over_moist]) for name, antenna in antennas.items()},
    )
    plot_cross_polar_phase(folder / "forward-model-cross-polar.png")


if __name__ == "__main__":
    main()
