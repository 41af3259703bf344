"""Saving and removing a view twice at the same moment, on real connections (rule 12)."""

import pytest

from accounts.errors import ChangedMeanwhile, PolicyViolation
from audit.models import Event
from oversight.actions import remove_view, save_view
from oversight.models import SavedView
from tests.factories import MembershipFactory, SavedViewFactory
from tests.together import at_once, committed

pytestmark = pytest.mark.rule(12)


def test_of_two_that_save_a_view_of_one_name_at_once_one_does(fresh_database):
    ruth = committed(lambda: MembershipFactory(holding="auditor"))
    given = {"account": ruth.account, "name": "Refused", "asks": {"result": "refused"}, "by": ruth.person}

    came = at_once(lambda: save_view(**given), lambda: save_view(**given))

    assert sorted(type(one).__name__ for one in came) == sorted([SavedView.__name__, PolicyViolation.__name__])
    assert SavedView.objects.count() == Event.objects.named("person.log_view_saved").filter(result="done").count() == 1


def test_of_two_that_remove_a_view_at_once_one_does(fresh_database):
    view = committed(SavedViewFactory)

    came = at_once(*[lambda: remove_view(view=view, by=view.person)] * 2)

    assert {type(one) for one in came} == {type(None), ChangedMeanwhile}
    assert not SavedView.objects.exists()
    assert Event.objects.named("person.log_view_removed").count() == 1
