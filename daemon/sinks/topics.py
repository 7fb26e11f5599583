"""The topics of one station at the broker."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Topics"]


@dataclass(frozen=True)
class Topics:
    """Where a station's messages go.

    Attributes
    ----------
    prefix : str
        `mqtt.topic_prefix`.
    station, host : str
        The station, and the computer that runs it.

    Examples
    --------
    >>> topics = Topics("soilglint", "mchl", "box1")
    >>> topics.of("live"), topics.status
    ('soilglint/mchl/soil_moisture', 'soilglint/status/box1')
    """

    prefix: str
    station: str
    host: str

    @property
    def availability(self) -> str:
        """Whether the station's service runs."""
        return f"{self.prefix}/{self.station}/availability"

    @property
    def status(self) -> str:
        """Whether the host is connected; the connection's last will."""
        return f"{self.prefix}/status/{self.host}"

    @property
    def kept(self) -> tuple[str, str]:
        """The topics whose newest message the broker keeps."""
        return self.of("live"), self.of("daily")

    def of(self, product: str) -> str:
        """Return the topic of a product.

        Raises
        ------
        KeyError
            There is no such product.
        """
        leaf = {"live": "soil_moisture", "daily": "soil_moisture/daily", "arc": "arcs"}[product]
        return f"{self.prefix}/{self.station}/{leaf}"
