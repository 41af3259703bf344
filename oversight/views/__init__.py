"""Pages of this floor."""

from .activity import Activity, EventPage, ExportActivity, MyActivity
from .home import AccountHome, Dashboard, FrontView

__all__ = ["AccountHome", "Activity", "Dashboard", "EventPage", "ExportActivity", "FrontView", "MyActivity"]
