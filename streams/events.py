"""The acts of streams, with the words in which the log tells them. A delivery is none: the log would feed itself."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

STREAM_ADDED = register(
    "stream.added",
    _("send the log on to a log system"),
    _("{actor} set up that the log is sent on to {target} ({after[address]})"),
    changes_access=False,
)
STREAM_CHANGED = register(
    "stream.changed",
    _("change where the log is sent on to"),
    _("{actor} changed how the log is sent on to {target}"),
    changes_access=False,
)
SECRET_MADE = register(
    "stream.secret_made",
    _("make the secret of a stream"),
    _("{actor} made a new secret that signs what is sent to {target}"),
    changes_access=False,
)
STREAM_PAUSED = register(
    "stream.paused",
    _("pause a stream"),
    _("{actor} paused sending the log on to {target}"),
    changes_access=False,
)
STREAM_RESUMED = register(
    "stream.resumed",
    _("resume a stream"),
    _("{actor} resumed sending the log on to {target}, from event {after[next]}"),
    changes_access=False,
)
STREAM_REMOVED = register(
    "stream.removed",
    _("remove a stream"),
    _("{actor} ended that the log is sent on to {target}. Last event sent: {before[last]}"),
    changes_access=False,
)
STREAM_TESTED = register(
    "stream.tested", _("test a stream"), _("{actor} sent a test to {target}"), changes_access=False
)
STREAM_STOPPED = register(
    "stream.stopped",
    _("give up on a log system"),
    _("{target} has taken nothing for days, so sending the log on to it is paused: {reason}"),
    changes_access=False,
)
BATCH_PARKED = register(
    "stream.batch_parked",
    _("put events aside that a log system did not take"),
    _("{target} did not take events {after[first]} to {after[last]}; they are put aside: {reason}"),
    changes_access=False,
)
BATCH_SENT_AGAIN = register(
    "stream.batch_sent_again",
    _("send events again that were put aside"),
    _("{actor} let events {after[first]} to {after[last]} be sent to {target} again"),
    changes_access=False,
)
BATCH_DROPPED = register(
    "stream.batch_dropped",
    _("drop events that were put aside"),
    _("{actor} dropped events {after[first]} to {after[last]}: they are not sent to {target} any more"),
    changes_access=False,
)
