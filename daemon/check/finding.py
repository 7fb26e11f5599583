"""What a check finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from daemon.plural import plural

__all__ = ["Finding", "Level", "check_lines", "could_run"]


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"  # worth knowing; the service runs
    MISSING = "missing"  # the service runs and waits for it
    FAULT = "fault"  # nothing can come of it until it is put right


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    level : Level
        How much it matters.
    key : str
        What it is about: a key of the configuration where there is one.
    text : str
        What was found and, unless it is ok, what to do.
    """

    level: Level
    key: str
    text: str

    def as_dict(self) -> dict[str, str]:
        """Return it as plain values."""
        return {"level": self.level.value, "key": self.key, "text": self.text}


def could_run(findings: Sequence[Finding]) -> bool:
    """Whether the service could run and do its work: there is no fault."""
    return all(finding.level != Level.FAULT for finding in findings)


def check_lines(findings: Sequence[Finding]) -> list[str]:
    """Write findings for people, with the verdict at the end."""
    width = max(len(finding.key) for finding in findings)
    lines = [f"{f.level.value:<7}  {f.key:<{width}}  {f.text}" for f in findings]
    counts = Counter(finding.level for finding in findings)
    words = {Level.FAULT: "faults", Level.MISSING: "missing", Level.NOTE: "notes"}
    told = [plural(n, lv.value, many) for lv, many in words.items() if (n := counts[lv])]
    verdict = "ready to run" if could_run(findings) else "not ready: put the faults right"
    return [*lines, "", f"{', '.join(told) or 'all ok'}; {verdict}"]
