"""One look at a host: the script that asks everything at once, and the pure parser of what came back."""

from .ask import FIELDS, look
from .barred import READ_ONLY, barred, no_scratch, writable_again
from .parse import parse, seconds_up
from .problems import not_silent, other_socket, ran_nothing, socket_elsewhere
from .seen import Checkout, EnvFile, Health, Observation, SeenContainer

__all__ = [
    "FIELDS",
    "READ_ONLY",
    "Checkout",
    "EnvFile",
    "Health",
    "Observation",
    "SeenContainer",
    "barred",
    "look",
    "no_scratch",
    "not_silent",
    "other_socket",
    "parse",
    "ran_nothing",
    "seconds_up",
    "socket_elsewhere",
    "writable_again",
]
