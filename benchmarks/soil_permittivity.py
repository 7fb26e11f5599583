"""Permittivity of a loam per dielectric model, for the table of docs/soil-permittivity.md.

python benchmarks/soil_permittivity.py
"""

import numpy as np

from retrieval import gnss
from retrieval.soil import MODEL_RANGES, soil_permittivity

MOISTURES = np.array([0.05, 0.15, 0.25, 0.35])


def main() -> None:
    print("| model |", " | ".join(f"{moisture:.2f}" for moisture in MOISTURES), "|")
    print("|---|" + "---|" * len(MOISTURES))
    for signal in ("GS2L", "GS1C"):
        frequency_hz = gnss.carrier_frequency_hz(signal)
        for model in MODEL_RANGES:
            found = soil_permittivity(model, MOISTURES, frequency_hz, "loam", 20.0)
            cells = " | ".join(f"{eps.real:.1f} + {eps.imag:.2f}i" for eps in found)
            print(f"| {model}, L{signal[2]} | {cells} |")


if __name__ == "__main__":
    main()
