"""The inbox: whether it can be used, and what lies in it by the names of the files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from daemon.check.finding import Finding, Level
from daemon.config import Config
from daemon.inbox import DONE_FOLDER
from daemon.ingest import setting_notes
from daemon.plural import plural

__all__ = ["OBSERVATIONS", "ORBITS", "inbox_findings", "kind_by_name"]

OBSERVATIONS = "observation"
ORBITS = "navigation or SP3"
_OTHERS = "of another name"

# Names say it well enough to count by; what a file is, its content decides when it is taken in.
_ORBIT_NAME = re.compile(
    r"\.\d\d[nglpqhf]\b|_[GRECJISM]N\b|\.nav\b|\.sp3\b|\.eph\b|^brd[cm]", re.IGNORECASE
)
_OBSERVATION_NAME = re.compile(
    r"\.\d\d[od]\b|_[GRECJISM]O\b|\.obs\b|\.rnx\b|\.crx\b|\.snr\d\d\b|\.nmea\b", re.IGNORECASE
)


def kind_by_name(name: str) -> str:
    """Tell what a file is by its name.

    Examples
    --------
    >>> kind_by_name("brdc1770.20n.gz"), kind_by_name("esbc1770.20d.Z"), kind_by_name("notes.txt")
    ('navigation or SP3', 'observation', 'of another name')
    """
    if _ORBIT_NAME.search(name):
        return ORBITS
    return OBSERVATIONS if _OBSERVATION_NAME.search(name) else _OTHERS


def inbox_findings(config: Config, files: Sequence[Path]) -> list[Finding]:
    """Say whether the inbox can be used, and count what lies in it.

    Parameters
    ----------
    config : Config
        The station's configuration.
    files : sequence of Path
        What `daemon.inbox.find_files` gives; nothing when it fails.
    """
    folder = config.inbox.path
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        return [
            Finding(
                Level.FAULT,
                "inbox.path",
                f"{folder}: {what}; make the folder, or name the one where the receiver's files "
                "arrive",
            )
        ]
    if not os.access(folder, os.R_OK | os.X_OK):
        return [
            Finding(
                Level.FAULT,
                "inbox.path",
                f"{folder}: this user may not read it; give the user that runs soilglint access",
            )
        ]
    return [_content(config, files), *_keeping(config)]


def _content(config: Config, files: Sequence[Path]) -> Finding:
    """Count the files that match."""
    folder, patterns = config.inbox.path, ", ".join(config.inbox.patterns)
    if files:
        kinds = Counter(kind_by_name(path.name) for path in files)
        match = "matches" if len(files) == 1 else "match"
        text = f"{folder}: {plural(len(files), 'file')} {match} {patterns}: {_counted(kinds)}"
        if kinds[OBSERVATIONS] or kinds[_OTHERS]:
            return Finding(Level.OK, "inbox.path", text)
        return Finding(
            Level.MISSING, "inbox.path", f"{text}; the receiver's observations are still to come"
        )
    others = sum(1 for path in folder.iterdir() if path.is_file())
    if others:
        return Finding(
            Level.MISSING,
            "inbox.path",
            f"{folder}: holds {plural(others, 'file')}, none of which is looked at; "
            f"inbox.patterns is {patterns}, and hidden files, those of unfinished transfers and "
            "soilglint's own never are",
        )
    return Finding(
        Level.MISSING, "inbox.path", f"{folder}: empty; the receiver's files are still to come"
    )


def _counted(kinds: Counter[str]) -> str:
    """Say how many files are of which kind, by their names."""
    told = [plural(kinds[kind], f"{kind} file") for kind in (OBSERVATIONS, ORBITS) if kinds[kind]]
    judged = sum(kinds[kind] for kind in (OBSERVATIONS, ORBITS))
    by = "by its name" if judged == 1 else "by their names"
    parts = [f"{' and '.join(told)} {by}"] if told else []
    if kinds[_OTHERS]:
        parts.append(plural(kinds[_OTHERS], _OTHERS, "of other names"))
    return ", ".join(parts)


def _keeping(config: Config) -> list[Finding]:
    """Say what becomes of finished files, and whether that can be done."""
    inbox = config.inbox
    if inbox.keep == "leave":
        return [Finding(Level.OK, "inbox.keep", "finished files are left where they are")]
    done = inbox.path / DONE_FOLDER
    deed = "moved to done/" if inbox.keep == "move" else "deleted"
    folders = [inbox.path, done] if inbox.keep == "move" and done.exists() else [inbox.path]
    shut = [str(folder) for folder in folders if not os.access(folder, os.W_OK | os.X_OK)]
    if shut:
        return [
            Finding(
                Level.NOTE,
                "inbox.keep",
                f"finished files are to be {deed}, but this user may not write to "
                f'{", ".join(shut)}: let it, or set keep = "leave"; files stay meanwhile',
            )
        ]
    note = setting_notes(config).get("inbox.keep")
    if note:
        return [Finding(Level.NOTE, "inbox.keep", note)]
    return [
        Finding(
            Level.OK,
            "inbox.keep",
            f"finished files are {deed}, {inbox.settle_s:g} s after they were last written to",
        )
    ]
