"""Every key of the configuration, as the sections define it, with a line that explains it.

Keys and defaults come out of the sections of `daemon.config`, so that none can be forgotten; here
are only words, and values that show the form of keys whose default is to be absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from daemon.config import Config
from retrieval.toml_files import Section

__all__ = ["EXPLANATIONS", "Key", "SectionKeys", "configuration_keys"]

EXPLANATIONS: Mapping[str, str] = {
    "station": "Where the antenna stands, and which part of the sky it uses.",
    "station.name": "Letters, digits, - and _; written into every record.",
    "station.latitude_deg": "Degrees north, WGS-84.",
    "station.longitude_deg": "Degrees east.",
    "station.height_m": "Of the antenna above the ellipsoid.",
    "station.antenna_height_m": "Antenna above the ground, inside qc.height_m; heights further "
    "than 0.5 m from it are other reflectors and do not count when a signal's a-priori height is "
    "learnt. Absent: all heights count.",
    "station.azimuths": "Sectors used, clockwise from north; [350, 20] passes north.",
    "station.elevation": "Analysis window, degrees after refraction.",
    "inbox": "Where the receiver's files arrive, and what becomes of them.",
    "inbox.path": "The folder.",
    "inbox.patterns": "Names that are looked at; hidden files and names ending in .part or .tmp "
    "never are.",
    "inbox.settle_s": "A file written to less than so long ago is neither moved nor deleted, and "
    "the service does not read it yet.",
    "inbox.keep": 'Finished observation files: "leave" them, "move" them to done/ in the inbox, '
    'or "delete" them.',
    "inbox.quarantine": "Folder for files that cannot be used or are of another station, each with "
    "its reason beside it. Absent: they stay where they are.",
    "soil": "Its texture decides how little and how much water it can hold.",
    "soil.texture": "A USDA class: {textures}.",
    "soil.residual": "m3 m-3; wins over the texture's.",
    "soil.saturation": "Likewise; both together replace the texture.",
    "soil.dry_season": "Days of year, from the first up to, but without, the last; it may pass the "
    "new year. Retrospective estimates level each year on it. Absent: the hemisphere's summer.",
    "store": "Arcs, estimates and the account of files; made when missing.",
    "store.path": "The database file.",
    "store.keep_days": "Older estimates, rejected arcs and weather are forgotten; accepted arcs, "
    "which trainings need, stay. Absent: nothing is.",
    "store.max_mb": "Where the file grows beyond it, accepted arcs of before the last 400 days go "
    "too. Absent: no limit.",
    "store.min_free_mb": "With less room on its disk nothing is taken in; files wait in the inbox.",
    "orbits": "Navigation and SP3 files outside the inbox: paths or patterns (*, ?) of files. "
    "Those that arrive in the inbox are recognised and need no mention.",
    "orbits.nav": "RINEX navigation files.",
    "orbits.sp3": "Precise orbits.",
    "orbits.prefer": "Order of preference; what is not named is not used.",
    "orbits.fetch": "Address of the orbit file of a day, for days whose observations wait for one: "
    "{year}, {yy}, {doy}, {month}, {day} stand for it; with {hour} one for every hour is fetched. "
    "Absent: nothing is fetched.",
    "orbits.fetch_command": "Or a command that writes it to {out}; at most one of the two.",
    "orbits.fetch_path": "Folder where these are kept. Absent: orbits/ beside the store.",
    "signals": "Which signals make arcs. Once there are arcs, another choice needs a new store.",
    "signals.use": "Empty or absent: all that a file holds.",
    "model": "How phases become soil moisture.",
    "model.kind": "Which model must lie in path (auto: any), and which is trained on reference: "
    '"auto", "fusion", "linear", "rf-mdi", "rf-mda", "svm", "rbf", "cnn" or "mean-phase". Without '
    "both, auto and linear are the linear model that needs no reference.",
    "model.path": "Folder that `soilglint train` wrote. Absent: that linear model.",
    "model.min_days": "Days with arcs before that linear model levels moisture.",
    "model.reference": "Measured moisture beside the antenna, to train on at the station: CSV with "
    "time and vwc, ISMN .stm, or PBO H2O.",
    "model.shelf": "Folder of the models that are trained at the station. Absent: models beside "
    "the store.",
    "model.shadow_days": "Days of data for which a new model estimates unseen before it takes "
    "over; 0: at once.",
    "schedule": "When the service does what, and for which times it estimates.",
    "schedule.ingest_s": "Seconds between looks at the inbox; files that arrive are noticed at "
    "once where the system tells of them.",
    "schedule.publish_s": "Seconds between looks at what waits to be sent; new records go at once.",
    "schedule.grid_minutes": "Grid of the estimates; divides a day.",
    "schedule.retrain": 'Train again "weekly" or "monthly", where the reference has grown by 20 '
    'days; "manual": by `soilglint model retrain` alone.',
    "qc": "What makes an arc, a track and an estimate good enough.",
    "qc.detrend_elevation": "Range over which the direct signal's trend is fitted; it should hold "
    "the window.",
    "qc.polynomial_order": "Of that trend.",
    "qc.start_below_deg": "An arc must reach down to here. Absent: 2 above the window's low end.",
    "qc.end_above_deg": "And up to here. Absent: 5 below the window's high end.",
    "qc.max_gap_s": "A longer pause cuts an arc (slow receivers: 3 intervals). Absent: 300 s.",
    "qc.min_points": "Observations that an arc must have inside the window.",
    "qc.max_duration_min": "An arc that takes longer is rejected.",
    "qc.height_m": "Reflector heights searched.",
    "qc.min_peak_to_noise": "Of the periodogram.",
    "qc.min_amplitude": "Of its peak, volts/volts.",
    "qc.max_track_noise_deg": "A track that scatters more about the others is left out.",
    "qc.min_tracks": "With fewer tracks, an estimate is degraded.",
    "qc.min_coverage": "With a smaller share of the expected tracks, it is too.",
    "qc.frozen_below_c": "Where the mean temperature of one or three days is below it: frozen.",
    "refraction": "How elevations are corrected for the bending of the signals.",
    "refraction.model": '"bennett" or "none".',
    "refraction.pressure_hpa": "At the antenna. Absent: the standard atmosphere's.",
    "refraction.temperature_c": "Likewise.",
    "weather": "Temperature and rain beside the station. Absent: no ground counts as frozen; with "
    "a key of it, take the # of the section's name away too.",
    "http": "Where the service tells how it is: /healthz and /metrics. Absent: nowhere.",
    "http.listen": "Host and port; anyone who reaches it may read.",
    "weather.path": "CSV file with the columns time (UTC), temperature_c and, if known, rain_mm.",
    "mqtt": "The broker that estimates are sent to (docs/messages.md). Absent: none; with a key of "
    "it, take the # of the section's name away too.",
    "mqtt.host": "Its name or address.",
    "mqtt.port": "Absent: 1883, with TLS 8883.",
    "mqtt.tls": "Encrypted; the broker's certificate is always verified. Absent: where "
    "certificates are named.",
    "mqtt.ca_file": "Certificate of the authority that signed the broker's. Absent: those that "
    "this computer trusts.",
    "mqtt.cert_file": "Certificate of this client, where the broker wants one.",
    "mqtt.key_file": "Its key, without a passphrase.",
    "mqtt.username": "Absent: none. Its password comes from password_file, else from the systemd "
    "credential mqtt_password, else from the environment (SOILGLINT_MQTT_PASSWORD).",
    "mqtt.password_file": "A file that holds the password alone; read anew at each attempt.",
    "mqtt.topic_prefix": "Every topic begins with it.",
    "mqtt.discovery": "Tell Home Assistant of the station.",
    "mqtt.discovery_prefix": "As it is set there.",
    "mqtt.arcs": "Publish arcs too.",
    "mqtt.keepalive_s": "A broker that says nothing for twice as long is taken to be gone.",
    "mqtt.client_id": "Of this connection, which no other may have. Absent: soilglint- and the "
    "station's name.",
    "mqtt.host_name": "The last part of the topic that tells whether this computer is connected; "
    "where several services share a computer, each its own. Absent: the computer's name.",
    "export": "The folder that estimates are written to, a file per product and UTC day. Absent: "
    "none; with a key of it, take the # of the section's name away too.",
    "export.path": "Made when missing.",
    "export.format": '"csv" or "parquet".',
}

# The form of keys that are absent by default.
_EXAMPLES: Mapping[str, Any] = {
    "station.antenna_height_m": 2.0,
    "inbox.quarantine": "quarantine",
    "orbits.fetch": "https://example.org/{year}/{doy}/BRDC00IGS_R_{year}{doy}0000_01D_MN.rnx.gz",
    "orbits.fetch_path": "orbits",
    "soil.residual": 0.08,
    "soil.saturation": 0.43,
    "qc.start_below_deg": 7.0,
    "qc.end_above_deg": 20.0,
    "qc.max_gap_s": 300.0,
    "refraction.pressure_hpa": 1013.25,
    "refraction.temperature_c": 15.0,
    "model.path": "model",
    "model.reference": "probes.csv",
    "model.shelf": "models",
    "weather.path": "weather.csv",
    "store.keep_days": 730,
    "store.max_mb": 2000,
    "mqtt.host": "broker.example.org",
    "mqtt.port": 8883,
    "mqtt.tls": True,
    "mqtt.ca_file": "ca.crt",
    "mqtt.cert_file": "client.crt",
    "mqtt.key_file": "client.key",
    "mqtt.username": "station",
    "mqtt.password_file": "mqtt.password",
    "mqtt.client_id": "soilglint-mchl",
    "mqtt.host_name": "box1",
    "export.path": "export",
}


@dataclass(frozen=True)
class Key:
    """One key of a section.

    Attributes
    ----------
    name : str
        Without its section.
    explanation : str
        A line of words.
    shown : object
        Its default, or a value of its form where it is absent by default; None where it has to be
        given.
    """

    name: str
    explanation: str
    shown: Any


@dataclass(frozen=True)
class SectionKeys:
    """One section: its name, a line of words, whether it may be absent, and its keys."""

    name: str
    explanation: str
    optional: bool
    keys: tuple[Key, ...]


def configuration_keys() -> Iterator[SectionKeys]:
    """Give every section of the configuration with every key, in their order."""
    for name, field in Config.model_fields.items():
        optional = not field.is_required() and field.default is None
        keys = tuple(
            Key(
                key,
                EXPLANATIONS.get(f"{name}.{key}", ""),
                _EXAMPLES.get(f"{name}.{key}")
                if of_key.is_required() or of_key.default is None
                else of_key.get_default(call_default_factory=False),
            )
            for key, of_key in _section_class(field.annotation).model_fields.items()
        )
        yield SectionKeys(name, EXPLANATIONS.get(name, ""), optional, keys)


def _section_class(annotation: Any) -> type[Section]:
    """Return the class of a section, also of one that may be None."""
    return next(
        one
        for one in (annotation, *get_args(annotation))
        if isinstance(one, type) and issubclass(one, Section)
    )
