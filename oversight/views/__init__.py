"""Pages of this floor."""

from .activity import Activity, EventPage, ExportActivity, MyActivity
from .checklist import SecurityChecklist
from .evidence import EvidencePack
from .exports import LogExportPage, LogExports, TakeExport
from .home import AccountHome, Dashboard, FrontView
from .keeping import KeepLog
from .past import AsOf
from .portfolio import Portfolio
from .saved import RemoveView, SavedViews, SaveView
from .switch import SwitchAccounts

__all__ = [
    "AccountHome",
    "Activity",
    "AsOf",
    "Dashboard",
    "EventPage",
    "EvidencePack",
    "ExportActivity",
    "FrontView",
    "KeepLog",
    "LogExportPage",
    "LogExports",
    "MyActivity",
    "Portfolio",
    "RemoveView",
    "SaveView",
    "SavedViews",
    "SecurityChecklist",
    "SwitchAccounts",
    "TakeExport",
]
