"""A new service: its files from what is known of its image and of the repo, written all or not at all."""

from __future__ import annotations

from .draft import Draft, draft
from .lay import lay
from .order import Wish

__all__ = ["Draft", "Wish", "draft", "lay"]
