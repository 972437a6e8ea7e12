"""One look at a host: the script that asks everything at once, and the pure parser of what came back."""

from .ask import FIELDS, look
from .parse import parse
from .problems import not_silent
from .seen import Checkout, EnvFile, Health, Observation, SeenContainer

__all__ = ["FIELDS", "Checkout", "EnvFile", "Health", "Observation", "SeenContainer", "look", "not_silent", "parse"]
