"""Write the packaged sky anew: ``python -m retrieval.simulation.sky.build``."""

from __future__ import annotations

from retrieval.simulation.sky.nominal_sky import NOMINAL_SKY, nominal_sky_text

if __name__ == "__main__":
    partial = NOMINAL_SKY.with_name(NOMINAL_SKY.name + ".part")
    partial.write_text(nominal_sky_text(), "ascii", newline="\n")
    partial.replace(NOMINAL_SKY)
