"""Back to how things were: a deploy of an older commit, with the settings and images of that time."""

from __future__ import annotations

from .asked import Asked
from .run import rollback

__all__ = ["Asked", "rollback"]
