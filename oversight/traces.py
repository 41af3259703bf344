"""Where this floor names people, for the register of offboarding: without the permission they open nothing."""

from teams.offboarding import Reference

REFERENCES = [Reference("oversight.LogExport.person"), Reference("oversight.SavedView.person")]
