"""What a rule is; it lies lower, because reading a repo finds problems too."""

from __future__ import annotations

from ..errors import Rule

__all__ = ["Rule"]
