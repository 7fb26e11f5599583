"""What a configuration asks for, in words."""

from __future__ import annotations

from daemon.check.finding import Finding, Level
from daemon.config import Config
from daemon.errors import WeatherError
from daemon.plural import plural
from daemon.utc import utc_text
from daemon.weather import read_weather

__all__ = ["schedule_findings", "settings_findings", "weather_findings"]

_MINUTES_PER_DAY = 1440
_WHOLE_HORIZON = ((0.0, 360.0),)


def settings_findings(config: Config) -> list[Finding]:
    """Say where the station stands, what it uses of the sky, and what its soil can hold."""
    station = config.station
    height = (
        ""
        if station.antenna_height_m is None
        else f"; antenna {station.antenna_height_m:g} m above the ground"
    )
    return [
        Finding(
            Level.OK,
            "station",
            f"{station.name} at {station.latitude_deg:.6f}, {station.longitude_deg:.6f} deg, "
            f"{station.height_m:.2f} m{height}",
        ),
        Finding(Level.OK, "station.elevation", _window(config)),
        Finding(Level.OK, "station.azimuths", _mask(config)),
        _signals(config),
        _soil(config),
    ]


def schedule_findings(config: Config) -> list[Finding]:
    """Say for which times estimates are made."""
    minutes = config.schedule.grid_minutes
    return [
        Finding(
            Level.OK,
            "schedule",
            f"one live estimate per {minutes} min of UTC ({_MINUTES_PER_DAY // minutes} a day), "
            "each from the arcs of the 24 h before it",
        )
    ]


def weather_findings(config: Config) -> list[Finding]:
    """Say what the weather file tells, or that there is none."""
    key = "weather.path"
    if config.weather is None:
        text = "none: frozen ground cannot be told from dry ground"
        return [Finding(Level.OK, "weather", text)]
    try:
        weather = read_weather(config.weather.path)
    except WeatherError as error:
        return [Finding(Level.MISSING, key, str(error))]
    if weather["temperature_c"].notna().sum() == 0:
        text = f"{config.weather.path}: holds no temperature yet; no ground counts as frozen"
        return [Finding(Level.MISSING, key, text)]
    newest = utc_text(weather["time"].iloc[-1], "s")
    text = f"{config.weather.path}: {plural(len(weather), 'row')}, the newest of {newest}"
    return [Finding(Level.OK, key, text)]


def _window(config: Config) -> str:
    """Say which elevations are used, and what an arc must cover."""
    arcs = config.arc_settings()
    low, high = arcs.elevation_deg
    trend_low, trend_high = arcs.detrend_elevation_deg
    return (
        f"{low:g} to {high:g} deg, trend over {trend_low:g} to {trend_high:g}; an arc must reach "
        f"below {arcs.start_below_deg:g} and above {arcs.end_above_deg:g}; reflectors at "
        f"{arcs.height_m[0]:g} to {arcs.height_m[1]:g} m"
    )


def _mask(config: Config) -> str:
    """Say which part of the horizon is used."""
    azimuths = config.station.azimuths
    if azimuths == _WHOLE_HORIZON:
        return "the whole horizon"
    return ", ".join(f"{first:g} to {last:g}" for first, last in azimuths) + " deg, clockwise"


def _signals(config: Config) -> Finding:
    """Say which signals are used."""
    use = config.signals.use
    if not use:
        return Finding(
            Level.NOTE,
            "signals.use",
            "all that the files hold; name those worth using, for GPS W codes give wrong heights "
            "(docs/arcs.md)",
        )
    codeless = [name for name in use if name[0] == "G" and name[3:] == "W"]
    if codeless:
        return Finding(
            Level.NOTE,
            "signals.use",
            f"{', '.join(use)}; take out {', '.join(codeless)}, which of GPS is tracked without "
            "the code and gives wrong heights (docs/arcs.md)",
        )
    return Finding(Level.OK, "signals.use", ", ".join(use))


def _soil(config: Config) -> Finding:
    """Say between which limits moisture is sought."""
    soil, limits = config.soil, config.soil.limits
    return Finding(
        Level.OK,
        "soil",
        f"{soil.texture or 'limits as stated'}: {limits.residual:g} to {limits.saturation:g} "
        "m3 m-3",
    )
