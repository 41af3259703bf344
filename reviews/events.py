"""The acts of access reviews, with the words in which the log tells them. What they end is told by the acts that do."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

STARTED = register(
    "review.started",
    _("start an access review"),
    _("{actor} started the access review {target}: {after[items]} accesses, {after[to_decide]} of them to decide"),
    changes_access=False,
)
DECIDED = register(
    "review.decided",
    _("decide on an access"),
    _("{actor} decided on the access of {target}: {after[words]}"),
    changes_access=False,
)
KEPT_REST = register(
    "review.kept_rest",
    _("keep all accesses that are left"),
    _("{actor} kept all accesses that were left to decide in {target}: {after[people]}"),
    changes_access=False,
)
PASSED_ON = register(
    "review.passed_on",
    _("pass an access on to another reviewer"),
    _("{actor} can’t judge the access of {target}: {after[reviewer]} reviews it now"),
    changes_access=False,
)
REASSIGNED = register(
    "review.reassigned",
    _("choose another reviewer"),
    _("{actor} gave the access of {target} to {after[reviewer]} to review"),
    changes_access=False,
)
REMINDED = register(
    "review.reminded",
    _("remind reviewers"),
    _("{actor} reminded the reviewers of {target}: {after[to_decide]} accesses to decide until {after[until]}"),
    changes_access=False,
)
SILENCE_SETTLED = register(
    "review.silence_settled",
    _("settle what nobody decided"),
    _("Nobody decided in time on {after[count]} accesses of {target}: {after[words]}"),
    changes_access=False,
)
CARRIED_OUT = register(
    "review.carried_out",
    _("carry out a review’s decision"),
    _("{actor} carried out what was decided on the access of {target}: {after[words]}"),
    changes_access=False,
)
HINDERED = register(
    "review.hindered",
    _("note why a review’s decision stays open"),
    _("What was decided on the access of {target} stays open: {reason}"),
    changes_access=False,
)
CLOSED = register(
    "review.closed",
    _("close an access review"),
    _("{actor} closed the access review {target}: {after[removed]} of {after[items]} accesses ended or reduced"),
    changes_access=False,
)
SCHEDULE_CHANGED = register(
    "review.schedule_changed",
    _("change the schedule of access reviews"),
    _("{actor} changed when accesses are reviewed: {after[words]}"),
    changes_access=False,
)
