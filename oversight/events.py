"""The acts of this floor, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

EXPORT_MADE = register(
    "audit.export_made",
    _("make an export in the background"),
    _("The export {target} that was asked for is ready: {after[events]} events"),
    changes_access=False,
)
EXPORT_FAILED = register(
    "audit.export_failed",
    _("fail to make an export"),
    _("The export {target} that was asked for could not be made: {reason}"),
    changes_access=False,
)
EXPORT_TAKEN = register(
    "audit.export_taken",
    _("download an export"),
    _("{actor} downloaded the export {target}"),
    changes_access=False,
)
VIEW_SAVED = register(
    "person.log_view_saved",
    _("save a view of a log"),
    _("{actor} saved the view {target} of the log of {after[of]}"),
    changes_access=False,
)
VIEW_REMOVED = register(
    "person.log_view_removed",
    _("remove a saved view of a log"),
    _("{actor} removed the view {target} of the log of {before[of]}"),
    changes_access=False,
)
LOG_READ = register("audit.read", _("read the log"), _("{actor} read the log"), changes_access=False)
