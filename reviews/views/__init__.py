"""Pages of this floor: campaigns for who runs them, accesses for who reviews them, reports for who checks them."""

from .campaigns import CarryOut, ChangeSchedule, CloseReview, ReviewList, ReviewPage, StartReview
from .items import ItemPage, KeepRest, MyReviews, PassOn, Reassign
from .reports import ReportFile, ReportList, ReportPage

__all__ = [
    "CarryOut",
    "ChangeSchedule",
    "CloseReview",
    "ItemPage",
    "KeepRest",
    "MyReviews",
    "PassOn",
    "Reassign",
    "ReportFile",
    "ReportList",
    "ReportPage",
    "ReviewList",
    "ReviewPage",
    "StartReview",
]
