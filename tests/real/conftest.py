"""Real files that stay outside the repository, in ``shared/data`` beside the checkout."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real files; the test is skipped where it is absent."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs shared/data beside the checkout")
    return folder


@pytest.fixture(scope="session")
def esbc_config() -> str:
    """Text of a configuration for the files of ESBC, with its inbox and store beside it."""
    return """\
[station]
name = "esbc"
latitude_deg = 55.4936
longitude_deg = 8.4568
height_m = 59.0
[inbox]
path = "inbox"
[soil]
texture = "loam"
[store]
path = "s.sqlite"
"""
