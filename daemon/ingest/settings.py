"""Settings that decide what arcs come out, and what the configuration does not tell by itself."""

from __future__ import annotations

from daemon.config import Config
from daemon.errors import SettingsChangedError
from daemon.inbox import fault_of_patterns
from daemon.store import Store

__all__ = ["changed_settings", "require_same_settings", "setting_notes"]


def changed_settings(config: Config, store: Store) -> str:
    """Say which settings differ from those that the store's arcs were made with; empty if none.

    A store is of one station: by another name everything in it would be out of sight.
    """
    name, known = config.station.name, store.stations()
    if known and name not in known:
        return f'station.name was "{", ".join(known)}" and is "{name}"'
    before = store.arc_settings(name)
    now = config.arc_values()
    return "; ".join(
        f"{key} was {before[key]} and is {now[key]}"
        for key in now
        if before.get(key, now[key]) != now[key]
    )


def require_same_settings(config: Config, store: Store) -> None:
    """Refuse to mix arcs of different settings: their phases cannot be compared.

    Raises
    ------
    SettingsChangedError
        The configuration differs from what the store's arcs were made with.
    """
    changes = changed_settings(config, store)
    if changes:
        raise SettingsChangedError(
            f"{config.path}: the arcs in {config.store.path} were made with other settings: "
            f"{changes}. Arcs of both cannot be compared: set them back, or give [store] path a "
            "new file and let the observation files be taken in again"
        )


def setting_notes(config: Config) -> dict[str, str]:
    """Return what a user must know of settings that are allowed, by key."""
    orbits = config.orbits
    notes = {
        "orbits.nav": fault_of_patterns(orbits.nav),
        "orbits.sp3": fault_of_patterns(orbits.sp3),
    }
    for key, named, source in (
        ("orbits.nav", orbits.nav, "broadcast"),
        ("orbits.sp3", orbits.sp3, "sp3"),
    ):
        if named and source not in orbits.prefer:
            unused = f'its files are not used, for orbits.prefer does not name "{source}"'
            notes[key] = "; ".join(part for part in (notes[key], unused) if part)
    return {key: note for key, note in notes.items() if note}
