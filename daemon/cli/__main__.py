"""``python -m daemon.cli``: the command line without its entry point on the path."""

from daemon.cli import main

main()
