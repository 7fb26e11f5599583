"""A sample station that ships with the package, so that the main job has something to run on.

Two days of simulated GPS SNR over a bare field, the navigation file and the settings that go with
them, and the truth beside. Everything is of our own making (`daemon.sample.build`) and is labelled
as simulated.
"""

from __future__ import annotations

from pathlib import Path

from retrieval.errors import InputError

__all__ = ["FILES", "write_sample"]

FILES = Path(__file__).parent / "files"


def write_sample(folder: Path) -> Path:
    """Copy the sample station into a folder and return the path of its settings.

    Files that are there already and are the same are left alone, so that the command can be
    given again; what the service has made of them (its store) stays as well.

    Parameters
    ----------
    folder : Path
        New, empty, or holding the sample from before.

    Raises
    ------
    InputError
        The folder holds other things, or a file of the sample that has been changed.
    """
    config = folder / "soilglint.toml"
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give the name of a folder for the sample")
    if folder.is_dir() and any(folder.iterdir()) and not config.exists():
        raise InputError(
            f"{folder} holds other things, and the sample must not mix with them; "
            "name an empty folder or one that does not exist"
        )
    contents = {
        folder / source.relative_to(FILES): source.read_bytes()
        for source in sorted(FILES.rglob("*"))
        if source.is_file()
    }
    for target, content in contents.items():
        if target.exists() and (not target.is_file() or target.read_bytes() != content):
            raise InputError(
                f"{target} differs from the sample's file of that name; "
                "it is not overwritten: name another folder, or move it away"
            )
    for target, content in contents.items():
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(target.name + ".part")
            partial.write_bytes(content)
            partial.replace(target)
    return config
