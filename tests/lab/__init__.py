"""Real test hosts on one Linux machine: own namespaces, own sshd and dockerd, one cached root filesystem."""

from .errors import LabError, LabUnavailable
from .host import LabHost
from .lab import Lab

__all__ = ["Lab", "LabError", "LabHost", "LabUnavailable"]
