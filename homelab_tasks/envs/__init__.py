"""The life of `.env` files: made from templates, checked, compared, sent, edited on hosts; never shown."""

from __future__ import annotations
