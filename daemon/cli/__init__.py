"""The command line: a command parses, calls and prints; what it calls is imported when it runs.

Only this package prints. `program` is the frame: errors leave it as one plain message on stderr
and an exit code of `daemon.exit_codes`. `commands` and the modules named after theirs hold the
commands, `shared` what they have in common; `arc_options` reads the options of ``soilglint arcs``,
`questions` asks those of ``soilglint config init``.
"""

# All register their commands.
from daemon.cli import commands as _commands
from daemon.cli import demo_command as _demo_command
from daemon.cli import estimate_command as _estimate_command
from daemon.cli import model_commands as _model_commands
from daemon.cli import setup_commands as _setup_commands
from daemon.cli import simulate_commands as _simulate_commands
from daemon.cli import train_commands as _train_commands
from daemon.cli.program import app, main

__all__ = ["app", "main"]

del _commands, _demo_command, _estimate_command, _model_commands
del _setup_commands, _simulate_commands, _train_commands
