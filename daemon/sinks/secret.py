"""Passwords and tokens: from a file, a systemd credential or the environment.

They are read anew at every attempt, so that a changed one needs no restart, and kept nowhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import ConfigError

__all__ = ["SecretSource"]

_MOST_BYTES = 65_536


@dataclass(frozen=True)
class SecretSource:
    """Where a secret is looked for; the first that is there counts.

    Attributes
    ----------
    key : str
        The configuration's key of the file, such as ``mqtt.password_file``.
    file : Path or None
        A file named by the configuration, which alone counts then.
    credential : str
        Name below ``$CREDENTIALS_DIRECTORY``, where systemd puts what a unit loads.
    variable : str
        Name in the environment.
    """

    key: str
    file: Path | None
    credential: str
    variable: str

    def read(self) -> str | None:
        """Return the secret as it is now, without the end of its line; None when there is none.

        Raises
        ------
        ConfigError
            The file is missing, empty, or may not be read. The message says where, never what.
        """
        if self.file is not None:
            return self._from(self.file, self.key)
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if folder and (Path(folder) / self.credential).exists():
            return self._from(Path(folder) / self.credential, f"credential {self.credential}")
        return os.environ.get(self.variable) or None

    def _from(self, path: Path, what: str) -> str:
        """Read the file of a secret."""
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8")
        except OSError as error:
            raise ConfigError(
                f"{what}: {path} cannot be read ({error.strerror}); write the secret into it, "
                "readable by the user that runs soilglint"
            ) from error
        except UnicodeDecodeError:
            # The cause would show bytes of the secret.
            raise ConfigError(f"{what}: {path} is no UTF-8 text; write it anew") from None
        secret = text.rstrip("\r\n")
        if not secret:
            raise ConfigError(f"{what}: {path} is empty; write the secret into it")
        return secret
