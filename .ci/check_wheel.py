"""Check that a wheel holds the packages and the files that commands need: ``check_wheel.py WHEEL``.

What must be there is read from the checkout, so that a forgotten package-data line shows.
"""

import sys
import zipfile
from pathlib import Path

PACKAGES = ("daemon", "retrieval", "spaceborne")
# Compiled leftovers and the notes of editors are not part of a package.
IGNORED = {".pyc", ".pyo", ".swp", ".orig"}


def main(wheel: str) -> None:
    """Compare the wheel's members with the package folders of the checkout."""
    members = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.as_posix()
        for package in PACKAGES
        for path in Path(package).rglob("*")
        if path.is_file() and path.suffix not in IGNORED
    }
    missing = sorted(expected - members)
    if missing:
        sys.exit(
            f"{wheel} lacks {len(missing)} files of the packages, first {missing[:5]}; "
            "state them in [tool.setuptools.package-data]"
        )
    strangers = sorted(
        name for name in members if name.split("/")[0] not in PACKAGES and ".dist-info/" not in name
    )
    if strangers:
        sys.exit(f"{wheel} holds files outside {PACKAGES}: {strangers[:5]}")


if __name__ == "__main__":
    main(sys.argv[1])
