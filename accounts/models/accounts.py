"""Business accounts, their assets, and their security policy."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..permissions import ASSET_PERMISSIONS
from ..querysets import AssetQuerySet, BusinessAccountQuerySet
from .planning import PlannedAhead

LEAST_IDLE_MINUTES, LEAST_TOTAL_HOURS = 5, 1  # no account signs out sooner


class BusinessAccount(models.Model):
    """The thing that access is managed for. It always has an owner (rule 3)."""

    audit_kind = "account"

    class Kind(models.TextChoices):
        STANDARD = "standard", _("standard")
        BUSINESS = "business", _("business")

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(unique=True, max_length=60)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.BUSINESS)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_accounts")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)  # nobody's access changes from then on, until it is lifted
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    log_kept_years = models.PositiveSmallIntegerField(null=True)  # for ever where there is no number
    log_kept_since = models.DateTimeField(null=True)  # when that was chosen: nothing is removed soon after
    frozen_because = models.CharField(max_length=500, blank=True, db_default="")  # as earlier releases write it

    objects = BusinessAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(frozen_at=None) ^ models.Q(frozen_by__isnull=False), name="frozen_by_somebody"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the path of the account's overview."""
        return reverse("account_home", args=[self.slug])

    @property
    def is_business(self) -> bool:
        """Whether the account has a team."""
        return self.kind == self.Kind.BUSINESS


class SecurityPolicy(PlannedAhead):
    """What one account demands of its team. Read by the permission check itself (rules 1, 5, 11).

    A change that takes access away is planned; from its moment on every reader of the row finds the new values.
    """

    class SecondFactor(models.TextChoices):
        NOBODY = "nobody", _("from nobody")
        ADMINISTRATORS = "administrators", _("from those who manage the team")
        EVERYONE = "everyone", _("from everyone")

    class Kinds(models.TextChoices):
        ANY = "any", _("a passkey, or a code from an app")
        PASSKEY = "passkey", _("a passkey only")

    class Confirmation(models.TextChoices):
        NEVER = "never", _("no confirmation")
        AFTER = "after", _("asked for; access begins at acceptance")
        BEFORE = "before", _("asked for; access begins only when confirmed")

    account = models.OneToOneField(BusinessAccount, models.CASCADE, primary_key=True, related_name="policy")
    second_factor = models.CharField(
        _("require a second factor"), max_length=20, choices=SecondFactor, default=SecondFactor.NOBODY
    )
    second_factor_kinds = models.CharField(
        _("what counts as a second factor"), max_length=10, choices=Kinds, default=Kinds.ANY, db_default="any"
    )
    second_factor_since = models.DateTimeField(null=True, blank=True, editable=False)
    domains = ArrayField(
        models.CharField(max_length=255),
        verbose_name=_("domains of members’ e-mail addresses"),
        default=list,
        db_default=Value([], ArrayField(models.CharField(max_length=255))),
        blank=True,
    )
    domains_since = models.DateTimeField(null=True, blank=True, editable=False)
    confirmation = models.CharField(
        _("role confirmation"), max_length=10, choices=Confirmation, default=Confirmation.AFTER
    )
    most_administrators = models.PositiveSmallIntegerField(
        _("most administrators"), default=5, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    invitation_days = models.PositiveSmallIntegerField(
        _("days an invitation stays open"), default=7, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    outside_days = models.PositiveSmallIntegerField(
        _("longest access for people from outside, in days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Contractors and agencies. Empty: no limit. It counts for what is given or extended from now on."),
    )
    member_days = models.PositiveSmallIntegerField(
        _("longest access for anybody, in days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Everybody but the owner. Empty: no limit. It counts for what is given or extended from now on."),
    )
    sensitive_ranges = ArrayField(
        models.CharField(max_length=50),
        verbose_name=_("network addresses for sensitive acts"),
        default=list,
        db_default=Value([], ArrayField(models.CharField(max_length=50))),
        blank=True,
    )
    session_idle_minutes = models.PositiveSmallIntegerField(
        _("sign out after so many minutes without a click"),
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_IDLE_MINUTES), MaxValueValidator(60)],
        help_text=_("Empty: as everywhere in the portal."),
    )
    session_total_hours = models.PositiveSmallIntegerField(
        _("sign out after so many hours in any case"),
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_TOTAL_HOURS), MaxValueValidator(24)],
        help_text=_("Empty: as everywhere in the portal. Of several accounts, the strictest counts."),
    )
    probation_days = models.PositiveSmallIntegerField(
        _("days of probation for new administrators"),
        default=0,
        db_default=0,  # web processes of an earlier release don't name it
        validators=[MaxValueValidator(90)],
        help_text=_(
            "So long who is new among those who manage the team makes nobody else one, lifts no freeze, and leaves "
            "the policy on second factors as it is. 0: no probation."
        ),
    )
    claim_days = models.PositiveSmallIntegerField(
        _("days a claim of the ownership waits"),
        default=14,
        db_default=14,  # web processes of an earlier release don't name it
        validators=[MinValueValidator(3), MaxValueValidator(90)],
        help_text=_(
            "So long the owner can refuse. Only the owner can shorten it; a claim that is open keeps its time."
        ),
    )

    since = {"second_factor_since": ["second_factor", "second_factor_kinds"], "domains_since": ["domains"]}

    class Meta(PlannedAhead.Meta):
        verbose_name_plural = _("security policies")

    def __str__(self) -> str:
        return f"Security policy of {self.account}"


class Asset(models.Model):
    """A thing inside a business account that work happens on."""

    class Kind(models.TextChoices):
        PROFILE = "profile", _("TikTok profile")
        AD_ACCOUNT = "ad_account", _("ad account")
        CATALOGUE = "catalogue", _("catalogue")
        OTHER = "other", _("other")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="assets")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.PROFILE)
    name = models.CharField(_("name"), max_length=100)
    handle = models.CharField(
        _("handle or number"), max_length=100, blank=True, help_text=_("How the platform names it: @northwind, say.")
    )
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        permissions = [(permission.code, str(permission.words)) for permission in ASSET_PERMISSIONS]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                condition=models.Q(archived_at=None),
                name="one_asset_each_name",
                violation_error_message=_("There is an asset of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
