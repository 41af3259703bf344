"""What is closed by a signature: a changed password, and a login that works no more."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import actions, policies
from ..forms import ChangeForm, RetireForm
from ..models import Knower
from .base import LoginFormView


class SignChange(LoginFormView):
    """Say when a password was changed and who was told; read what that comes to; sign it."""

    form_class = ChangeForm
    template_name = "logins/sign_change.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the people who may know it, besides the reader."""
        return {**super().get_form_kwargs(), "login": self.login, "signer": self.me}

    def get_initial(self) -> dict[str, Any]:
        """Propose now, and that everybody who knows it and may is told again."""
        told = self.login.knowers.trusted().values_list("pk", flat=True)
        return {"changed_at": timezone.localtime(), "told": list(told)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is to be signed, once it is known, and what it comes to."""
        context = super().get_context_data(gone=list(self.login.knowers.gone().order_by("gone_at", "pk")), **kwargs)
        form = context["form"]
        understood = form.is_bound and not {"changed_at", "told"} & set(form.errors)
        if understood:
            form.fields["signature"].required = True  # from here on
            at, told = form.cleaned_data["changed_at"], form.told_people()
            context |= {
                "statement": policies.statement_of_change(self.me, self.login, at, told),
                "at": at,
                "told": told,
                "forgotten": self._forgotten(told),
            }
        return context

    def _forgotten(self, told: list[Knower]) -> list[Knower]:
        """Return who knows the password that was, and not the new one."""
        rows = self.login.knowers.knowing().exclude(address=self.me.email, gone_at=None)
        return list(rows.exclude(pk__in=[knower.pk for knower in told]).for_list())

    def form_valid(self, form: ChangeForm) -> HttpResponse:
        """Show first what would be signed; sign it once that was read."""
        given = form.cleaned_data
        if not given["statement"]:
            return self.render_to_response(self.get_context_data(form=form))
        actions.record_change(
            login=self.login,
            changed_at=given["changed_at"],
            told=form.told_people(),
            statement=given["statement"],
            signature=given["signature"],
            by=self.me,
        )
        return self.back(_("Signed. %(login)s is known to those that you named, and to nobody else."))


class RetireLogin(LoginFormView):
    """Put away a login that works no more, by a signature."""

    form_class = RetireForm
    template_name = "logins/retire_login.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Say who signs."""
        return {**super().get_form_kwargs(), "signer": self.me}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is to be signed."""
        words = policies.statement_of_retirement(self.me, self.login)
        return super().get_context_data(statement=words, **kwargs)

    def form_valid(self, form: RetireForm) -> HttpResponse:
        """Sign it."""
        actions.retire_login(login=self.login, by=self.me, **form.cleaned_data)
        return self.back(_("Signed. %(login)s is retired."))
