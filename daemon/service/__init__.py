"""The unattended service: start-up, the scheduler, signals, and the way out.

`life` is one life of it under one configuration; `scheduling` runs its jobs and is alone in knowing
the scheduler; `process` leads one life after the other until it is told to end.
"""

from daemon.service.life import Service
from daemon.service.process import run_service

__all__ = ["Service", "run_service"]
