"""Whom the bills of an account go to, and its plan."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..plans import PLANS, USUAL, Plan
from .accounts import BusinessAccount

CONTACT_FIELDS = ["name", "address", "company", "postal_address", "country", "tax_number"]


class Billing(models.Model):
    """The billing contact and the plan of one account. An account without a row has no contact and the usual plan.

    The contact is written to by nobody but the account's own finance people: it gives no power, and opens nothing.
    """

    account = models.OneToOneField(BusinessAccount, models.CASCADE, primary_key=True, related_name="billing")
    name = models.CharField(_("name"), max_length=100, blank=True)
    address = models.EmailField(_("e-mail address"), blank=True)
    company = models.CharField(_("company"), max_length=100, blank=True)
    postal_address = models.CharField(_("postal address"), max_length=300, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    plan_code = models.CharField(max_length=20, default=USUAL)

    def __str__(self) -> str:
        return str(_("Billing of %(account)s")) % {"account": self.account}

    @property
    def plan(self) -> Plan:
        """What the account is allowed; a plan that is not in the table any more counts as the usual one."""
        return PLANS.get(self.plan_code, PLANS[USUAL])

    @property
    def contact(self) -> dict[str, str]:
        """The contact, field by field."""
        return {field: getattr(self, field) for field in CONTACT_FIELDS}

    @classmethod
    def of(cls, account: BusinessAccount) -> "Billing":
        """Return an account's row as it is now, or an unsaved one where nobody has written it yet."""
        return cls.objects.filter(account=account).first() or cls(account=account)
