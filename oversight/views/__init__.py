"""Pages of this floor."""

from .activity import Activity, EventPage, ExportActivity, MyActivity
from .home import AccountHome, Dashboard, FrontView
from .portfolio import Portfolio
from .switch import SwitchAccounts

__all__ = [
    "AccountHome",
    "Activity",
    "Dashboard",
    "EventPage",
    "ExportActivity",
    "FrontView",
    "MyActivity",
    "Portfolio",
    "SwitchAccounts",
]
