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
