"""How much guessing is let through: the pauses between failed sign-ins, and when a password stops working (GU1)."""

import datetime as dt

FREE_FAILURES = 5  # of one sign-in in a row, before there is a pause
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(minutes=15)
MOST_FAILURES = 100  # in a row; then the password does not work any more
NETWORK_FAILURES = 30  # from one network address, whoever is tried
NETWORK_WINDOW = dt.timedelta(minutes=10)
TALLIES_KEPT = dt.timedelta(days=90)  # after the last failure; for people as for addresses that nobody has (GU4)
NETWORKS_KEPT = dt.timedelta(days=2)


def pause_after(failed: int) -> dt.timedelta:
    """Return how long a sign-in is closed after so many failures in a row: twice as long after each."""
    if failed < FREE_FAILURES:
        return dt.timedelta(0)
    return min(FIRST_PAUSE * 2 ** min(failed - FREE_FAILURES, 10), LONGEST_PAUSE)
