"""What all tests share: the profile of the property tests, and the sample station."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from daemon.sample import write_sample

# No timed tests: a busy machine must not fail one. In CI the same examples every time, so that a
# change is judged by what it changes; elsewhere new ones, so that somebody finds what they find.
settings.register_profile("soilglint", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("soilglint")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Folder with a fresh copy of the sample station."""
    return write_sample(tmp_path / "sample").parent
