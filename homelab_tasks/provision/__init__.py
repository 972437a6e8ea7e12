"""The one-time setup of a host: what it lacks as a plan, and what carries that out."""

from __future__ import annotations

from .carry import Outcome, become_root, carry_out, look
from .reach import compare_with, how_to_compare, reach
from .step import Plan, Step

__all__ = [
    "Outcome",
    "Plan",
    "Step",
    "become_root",
    "carry_out",
    "compare_with",
    "how_to_compare",
    "look",
    "reach",
]
