import pytest


@pytest.fixture
def write(tmp_path):
    def to_file(text, name="series.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file
