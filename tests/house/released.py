"""The schema that the newest release runs on. A release writes it (docs/releases.md)."""

# The last migration of each app; None as long as nothing was released.
BASELINE: dict[str, str] | None = None

# Migrations since then that `tests.house.compatibility` can't judge, or refuses, and why old code can live with each.
LOOKED_AT: dict[tuple[str, str], str] = {}
