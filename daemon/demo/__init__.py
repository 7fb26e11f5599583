"""The demonstration: a simulated receiver, an accelerated clock, and the real service.

A season of files is simulated and taken in, a model is trained on it, and then the service runs on
it for a week in which the receiver drops a file each simulated hour. Nothing in it is of a special
kind but the receiver and the clock: the files are RINEX, the store, the jobs and the export are
those of a station.
"""

from daemon.demo.flow import DemoReport, run_demo

__all__ = ["DemoReport", "run_demo"]
