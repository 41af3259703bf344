"""What somebody has to review goes to others when they go. Writes no event: the act does by which they go."""

from collections.abc import Collection

from accounts.models import Person

from ..reviewers import Panel, duties_of


def hand_over_duties(person: Person, account_ids: Collection[int]) -> None:
    """Give what a person still has to review in these accounts to others, by each campaign's rule.

    Where nobody is left who could, which is so only of the owner's own access, nothing has to be decided any more. The
    accounts are locked by the caller.
    """
    panels: dict[int, Panel] = {}
    for item in duties_of([person], account_ids):
        account, rule = item.campaign.account, item.campaign.rule
        panel = panels.setdefault(account.pk, Panel.of(account))
        instead = panel.pick(item.membership, rule, without={person.pk, *item.passed_by})
        instead = instead or panel.pick(item.membership, rule, without={person.pk})
        item.must_decide = instead is not None
        item.reviewer = instead or item.reviewer
        item.save(update_fields=["reviewer", "must_decide"])
