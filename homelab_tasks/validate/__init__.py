"""A repo to everything that is wrong with it, offline: one file a family of rules."""

from __future__ import annotations
