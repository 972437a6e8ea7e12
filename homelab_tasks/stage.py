"""The points that a run passes, for whoever watches it; what may break a run is tried at each of them."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """What is done by now, in the order in which it happens. Of a step's own way `Phase` tells."""

    CONNECTED = "connected"  # the hosts were looked at
    RESOLVED = "resolved"  # Compose has said what the files mean there
    LOCKED = "locked"  # and looked at again
    AGREED = "agreed"  # nobody objects to the plan
    PULLED = "pulled"  # the images are there
    NOTED = "noted"  # the records say which files will lie there
    DELIVERED = "delivered"  # they lie there
    BEGUN = "begun"  # the journals say what is meant
    EXECUTED = "executed"  # every step has ended, and has its record
    GOING_BACK = "going back"  # it failed or was interrupted, and is about to be put back
    BACK = "back"  # it was put back, as far as that could be
    RECORDED = "recorded"  # the journals say how it ended
