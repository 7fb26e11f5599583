"""How late data may come and still change what is there."""

from __future__ import annotations

import pandas as pd

__all__ = ["KEPT", "OPEN"]

# Behind the newest observation that there was when they came. Estimates are final when they are
# further behind; the daily product is made then.
OPEN = pd.Timedelta(hours=48)
# Observations are kept for longer, so that arcs which begin before such a file come out whole.
KEPT = OPEN + pd.Timedelta(hours=6)
