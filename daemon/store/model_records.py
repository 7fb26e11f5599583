"""Records of models and their tracks that go in and out of the store."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ModelRecord", "TrackRecord"]


@dataclass(frozen=True, kw_only=True)
class TrackRecord:
    """A track of a trained model.

    Attributes
    ----------
    track : str
        Its name, such as "G05-S2X-rising-120".
    satellite : str
        "G05"; the constellation ("E") where its satellites share the track.
    signal, direction : str
        As in the arc table.
    azimuth_first_deg, azimuth_width_deg : float
        Where its sector begins, clockwise, in [0, 360), and its extent.
    weight : float
        How much it counts in the model, 0 to 1.
    """

    track: str
    satellite: str
    signal: str
    direction: str
    azimuth_first_deg: float
    azimuth_width_deg: float
    weight: float


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A model that makes estimates.

    Attributes
    ----------
    model_id, name : str
        Such as "rf-mdi-6a282012" and "rf-mdi".
    first_day, last_day : str or None
        Of its training, UTC days; None, like what follows, for a model without one.
    n_days : int or None
        Days that trained.
    lowest, highest : float or None
        Range of the reference, m3 m-3.
    skill : float or None
        ``1 - mean square error / variance of the reference``, on blocks that it had not seen.
    weather : tuple of str
        What of "rain" and "temperature" it was trained with.
    tracks : tuple of TrackRecord
        Its tracks.
    """

    model_id: str
    name: str
    first_day: str | None = None
    last_day: str | None = None
    n_days: int | None = None
    lowest: float | None = None
    highest: float | None = None
    skill: float | None = None
    weather: tuple[str, ...] = ()
    tracks: tuple[TrackRecord, ...] = ()
