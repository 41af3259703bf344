"""How long a rule can be silent."""

import datetime as dt

LONGEST_MUTE = dt.timedelta(days=90)
MUTES = (1, 7, 30, 90)  # days that are offered
