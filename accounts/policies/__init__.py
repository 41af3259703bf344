"""What is let through: how much guessing, how many exports, and what an account's plan allows."""

from .exports import MOST_EXPORTS, require_exports_left
from .guessing import (
    FIRST_PAUSE,
    FREE_FAILURES,
    LONGEST_PAUSE,
    MOST_FAILURES,
    NETWORK_FAILURES,
    NETWORK_WINDOW,
    NETWORKS_KEPT,
    TALLIES_KEPT,
    pause_after,
)
from .plans import (
    no_person_room,
    people_in,
    people_left_in_each,
    register_counter,
    require_asset_room,
    require_fits,
    require_person_room,
)

__all__ = [
    "FIRST_PAUSE",
    "FREE_FAILURES",
    "LONGEST_PAUSE",
    "MOST_EXPORTS",
    "MOST_FAILURES",
    "NETWORKS_KEPT",
    "NETWORK_FAILURES",
    "NETWORK_WINDOW",
    "TALLIES_KEPT",
    "no_person_room",
    "pause_after",
    "people_in",
    "people_left_in_each",
    "register_counter",
    "require_asset_room",
    "require_exports_left",
    "require_fits",
    "require_person_room",
]
