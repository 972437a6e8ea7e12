"""Deploy a homelab of Docker Compose services to its hosts, in dependency order, health-gated, only what changed.

A repo uses it with a `tasks.py` of one line: `from homelab_tasks import ns`.
"""

from .tasks import ns

__all__ = ["__version__", "ns"]
__version__ = "0.1.0"
