"""What this floor knows of people, for the register of offboarding (rule 13): history only, none of it gives power."""

from teams.offboarding import Reference

REFERENCES = [Reference("watching.Alert.concerns"), Reference("watching.Alert.answered_by")]
