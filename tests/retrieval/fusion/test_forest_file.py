"""Forests as bytes."""

import subprocess
import sys

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from retrieval.fusion.forest_file import dump_forest, read_forest

DRAWS = np.random.default_rng(0)
COLUMNS, VALUES = DRAWS.normal(size=(60, 4)), DRAWS.normal(size=60)


def test_a_forest_comes_back_as_it_was():
    forest = RandomForestRegressor(5, random_state=0).fit(COLUMNS, VALUES)
    again = read_forest(dump_forest(forest), 4, None)
    assert np.array_equal(again.predict(COLUMNS), forest.predict(COLUMNS))


def test_reading_one_takes_no_torch_in_and_leaves_it_to_others(tmp_path):
    path = tmp_path / "forest.skops"
    path.write_bytes(dump_forest(RandomForestRegressor(2, random_state=0).fit(COLUMNS, VALUES)))
    code = (
        "import sys, pathlib\n"
        "from retrieval.fusion.forest_file import read_forest\n"
        f"read_forest(pathlib.Path({str(path)!r}).read_bytes(), 4, None)\n"
        "assert 'torch' not in sys.modules\n"
        "import torch\n"
        "assert torch.ones(2).sum() == 2\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
