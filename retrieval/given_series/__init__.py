"""Series that are given: moisture, rain, temperature and snow out of other people's files.

Forms are recognised by their first lines: our own CSV and that of PBO H2O (`tables`), files of the
International Soil Moisture Network and text of probes (`probes`). Simulations take them as truth,
training as reference.
"""

from retrieval.given_series.reading import read_series
from retrieval.given_series.series import GivenSeries

__all__ = ["GivenSeries", "read_series"]
