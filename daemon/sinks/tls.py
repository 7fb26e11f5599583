"""TLS to a broker: always with verification of its certificate and its name."""

from __future__ import annotations

import ssl

from daemon.errors import ConfigError
from daemon.sections import MqttSection

__all__ = ["client_context", "load_certificates"]


def client_context() -> ssl.SSLContext:
    """Return a context that verifies, TLS 1.2 or newer, still without certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def load_certificates(context: ssl.SSLContext, section: MqttSection) -> None:
    """Load the certificates as they are now, so that renewed ones need no restart.

    Raises
    ------
    ConfigError
        A file is missing or is no certificate or key.
    """
    if section.ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        try:
            context.load_verify_locations(section.ca_file)
        except OSError as error:
            raise ConfigError(
                f"mqtt.ca_file: {section.ca_file}: {_why(error)}; name the certificate, in PEM "
                "form, of the authority that signed the broker's"
            ) from error
    if section.cert_file is None:
        return
    try:
        # Without a passphrase to ask for, an encrypted key is an error and not a question.
        context.load_cert_chain(section.cert_file, section.key_file, password=_no_passphrase)
    except OSError as error:
        raise ConfigError(
            f"mqtt.cert_file, mqtt.key_file: {section.cert_file}, {section.key_file}: "
            f"{_why(error)}; name the client's certificate and its key, in PEM form and without a "
            "passphrase, readable by the user that runs soilglint"
        ) from error


def _no_passphrase() -> str:
    return ""


def _why(error: OSError) -> str:
    """Say why a file cannot be used."""
    if isinstance(error, ssl.SSLError):
        said = (error.reason or "").lower().replace("_", " ")
        return said or "no certificate or key that fits"
    return error.strerror or "cannot be read"
