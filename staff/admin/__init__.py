"""The staff area: Django's admin in our pages, and nothing of it that changes anything.

Its app is not installed, only its code is used: so there is no table of its own log beside ours, and none of its pages.
"""

from . import inside, overall
from .site import StaffSite, site

__all__ = ["StaffSite", "inside", "overall", "site"]
