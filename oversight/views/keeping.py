"""How long the account keeps its log."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import retention
from accounts.actions import keep_log
from accounts.forms import KeepLogForm
from accounts.permissions import OWN_ACCOUNT
from accounts.views import AccountFormView
from audit.models import Chain, Event


class KeepLog(AccountFormView):
    """Choose for how long, and see what would go by it. Nothing goes for 30 days, in which it can be undone."""

    permission = OWN_ACCOUNT
    form_class = KeepLogForm
    template_name = "oversight/keep_log.html"

    def get_initial(self) -> dict[str, Any]:
        """Begin with the time as it is."""
        return {"years": self.account.log_kept_years or 0}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say how old the log is, what each choice would remove today, and since when a choice counts."""
        now, log = timezone.now(), Event.objects.in_chain_of(self.account)
        choices = [
            {
                "years": years,
                "words": words,
                "goes": log.between(None, now - years * retention.LONGEST_YEAR).count() if years else 0,
            }
            for years, words in retention.CHOICES
        ]
        since = self.account.log_kept_since
        chain = Chain.objects.filter(kind="account", subject_id=self.account.pk).first()
        return super().get_context_data(
            choices=choices,
            chosen=self.request.POST.get("years", str(self.account.log_kept_years or 0)),
            oldest=log.order_by("number").first(),
            removed=chain.removed if chain else 0,
            counts_from=since + retention.CALLED_BACK_WITHIN if since else None,
            is_waiting=bool(since and now < since + retention.CALLED_BACK_WITHIN),
            **kwargs,
        )

    def form_valid(self, form: KeepLogForm) -> HttpResponse:
        """Choose it."""
        account = keep_log(account=self.account, years=form.cleaned_data["years"], by=self.me)
        words = _("The log is kept %(time)s.") % {"time": retention.in_words(account.log_kept_years)}
        return self.done(words, to=reverse("keep_log", args=[account.slug]))
