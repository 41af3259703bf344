"""The evidence pack: what an auditor takes along, with a checker that trusts nobody."""
