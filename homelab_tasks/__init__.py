"""Deploy a homelab of Docker Compose services to its hosts, in dependency order, health-gated, only what changed.

A repo uses it with a `tasks.py` of one line: `from homelab_tasks import ns`.
"""

try:
    from .tasks import ns
except KeyboardInterrupt:  # nobody is there yet who would turn it into a sentence
    from .interrupt import give_up

    give_up()

__all__ = ["__version__", "ns"]
__version__ = "0.1.0"
