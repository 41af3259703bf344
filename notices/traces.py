"""Where this floor names people, for the register of offboarding: none of it opens an account (rules 4, 13)."""

from teams.offboarding import Reference

REFERENCES = [
    Reference("notices.Notice.person"),  # what is of an account's inside is read, and mailed, by today's standing only
    Reference("notices.Choice.person"),
    Reference("notices.Digest.person"),
]
