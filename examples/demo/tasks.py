"""The tasks of this homelab: `inv --list` shows them."""

from homelab_tasks import ns

__all__ = ["ns"]
