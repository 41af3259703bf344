"""What happened: a few months in an agency, its three clients, and a shop that is one person alone.

Times are "<days>d <clock>" in UTC, so many days before now; every act is a verb, done through the real commands.
"""

import datetime as dt

from teams.engagements import key_of

from . import verbs
from .cast import CAST, LUMEN, NORTHWIND
from .stage import Grants, Stage

REFUSED = "550 5.1.1 <dana.w@northwnd.example>: Recipient address rejected: domain not found"
STRANGE_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SLOW = "451 4.7.1 Greylisting in action, please come back later"


def write(stage: Stage) -> None:
    """Write the whole story onto a stage."""
    teller = Teller(stage)
    for chapter in (_agency, _northwind, _lumen, _halo, _studio, _invitations, _refusals, _daily_life, _watching):
        chapter(teller)


class Teller:
    """Writes what happens again and again: signing up, being invited and joining."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.at = stage.at
        self.signed_up: dict[str, dt.datetime] = {}

    def arrives(self, who: str, when: str) -> None:
        """Someone makes a sign-in, and a second factor at the time that the cast names."""
        if who in self.signed_up:
            return
        self.signed_up[who] = self.stage.moment(when)
        self.at(when, verbs.sign_up, who=who)
        if CAST[who].factor:
            self.at(CAST[who].factor, verbs.set_up_second_factor, who=who)

    def joins(
        self,
        account: str,
        who: str,
        role: str,
        day: int,
        *,
        by: str,
        grants: Grants | None = None,
        confirmed: bool = True,
    ) -> None:
        """Someone is invited in the morning, joins an hour later, and is confirmed the next day."""
        self.at(f"{day}d 08:00", verbs.invite, account=account, address=who, role=role, by=by, grants=grants)
        self.at(self._moment(day, "08:00:20"), verbs.mail_goes_out, account=account, address=who)
        self.arrives(who, f"{day}d 09:02")
        self.at(f"{day}d 09:03", verbs.open_link, account=account, address=who, who=who)
        self.at(f"{day}d 09:04", verbs.accept, account=account, who=who)
        if confirmed:
            self.at(f"{day - 1}d 08:30", verbs.confirm_role, account=account, who=who, by=by)

    def is_invited(
        self, account: str, address: str, day: int, *, by: str, role: str = "editor", sent: bool = True
    ) -> None:
        """An invitation goes out."""
        self.at(f"{day}d 10:00", verbs.invite, account=account, address=address, role=role, by=by)
        if sent:
            self.at(self._moment(day, "10:00:15"), verbs.mail_goes_out, account=account, address=address)

    def _moment(self, day: int, clock: str) -> dt.datetime:
        return self.stage.moment(f"{day}d {clock}")


def _agency(tell: Teller) -> None:
    tell.arrives("mara", "120d 08:00")
    tell.at("120d 08:05", verbs.open_account, account="agency", name="Brightside Agency", by="mara")
    tell.at(
        "119d 09:00",
        verbs.add_asset,
        account="agency",
        kind="profile",
        name="Brightside",
        handle="@brightside",
        by="mara",
    )
    tell.at(
        "119d 09:05",
        verbs.add_asset,
        account="agency",
        kind="ad_account",
        name="House ads",
        handle="7301188",
        by="mara",
    )
    tell.joins("agency", "tom", "administrator", 117, by="mara")
    tell.joins("agency", "ines", "editor", 115, by="tom")
    tell.joins("agency", "priya", "analyst", 81, by="tom")
    tell.joins("agency", "leo", "moderator", 78, by="tom")
    tell.joins("agency", "jonas", "moderator", 61, by="tom")
    tell.joins("agency", "carla", "finance", 52, by="mara")
    tell.joins("agency", "sam", "editor", 50, by="tom")
    tell.joins("agency", "yuki", "analyst", 40, by="tom")
    tell.at("70d 15:00", verbs.offer_ownership, account="agency", who="tom", by="mara")
    tell.at("70d 15:00:10", verbs.mail_goes_out, account="agency", address="tom")
    tell.at("69d 08:10", verbs.withdraw_offer, account="agency", by="mara")
    tell.at("30d 17:00", verbs.offboard, account="agency", who="sam", by="tom", reason="Contract ended")
    tell.at("30d 17:00:10", verbs.mail_goes_out, account="agency", address="sam")
    starts_at = tell.stage.moment("20d 09:00")
    tell.at(
        "22d 09:00", verbs.plan_policy, account="agency", by="mara", starts_at=starts_at, second_factor="everyone",
        reason="A client asks for it",
    )  # fmt: skip
    tell.at("20d 09:00:30", verbs.plans_are_minded)


def _northwind(tell: Teller) -> None:
    tell.arrives("henrik", "110d 07:50")
    tell.at(
        "110d 08:00", verbs.open_account, account="northwind", name="Northwind Coffee", by="henrik", kind="standard"
    )
    tell.at("110d 08:20", verbs.upgrade, account="northwind", by="henrik")
    for minute, (kind, name, handle) in enumerate(
        [
            ("profile", "Northwind US", "@northwind_us"),
            ("profile", "Northwind Europe", "@northwind_eu"),
            ("ad_account", "Ads EMEA", "7012345678"),
            ("catalogue", "Beans and gear", ""),
            ("profile", "Pop-up 2025", "@northwind_popup"),
            ("other", "Creator brief", ""),
        ]
    ):
        tell.at(
            f"110d 08:4{minute}", verbs.add_asset, account="northwind", kind=kind, name=name, handle=handle, by="henrik"
        )
    tell.joins("northwind", "nadia", "administrator", 109, by="henrik")
    tell.joins("northwind", "anna", "administrator", 105, by="henrik")
    tell.joins("northwind", "eddie", "moderator", 104, by="nadia")
    tell.joins("northwind", "ruth", "auditor", 100, by="anna")
    tell.joins("northwind", "ines", "editor", 99, by="anna")
    two = {"Northwind US": {"view_analytics", "draft_content"}, "Northwind Europe": {"reply_comments"}}
    tell.joins("northwind", "milo", "member", 98, by="anna", grants=two)
    tell.joins("northwind", "fiona", "finance", 97, by="henrik")
    tell.joins("northwind", "bruno", "editor", 95, by="anna")
    tell.at("92d 10:00", verbs.offer_ownership, account="northwind", who="nadia", by="henrik")
    tell.at("92d 10:00:10", verbs.mail_goes_out, account="northwind", address="nadia")
    tell.at("91d 09:15", verbs.accept_ownership, account="northwind", who="nadia")
    tell.joins("northwind", "grace", "analyst", 80, by="anna")
    tell.joins("northwind", "oscar", "moderator", 75, by="anna")
    tell.joins("northwind", "dana", "editor", 71, by="nadia")
    tell.at(
        "66d 09:00",
        verbs.change_role,
        account="northwind",
        who="dana",
        role="administrator",
        by="nadia",
        reason="Second pair of hands for the team",
    )
    tell.joins("northwind", "kofi", "editor", 60, by="anna")
    tell.at(
        "58d 13:00",
        verbs.change_role,
        account="northwind",
        who="eddie",
        role="editor",
        by="anna",
        reason="Takes over the content plan",
    )
    tell.at(
        "57d 13:10",
        verbs.set_grants,
        account="northwind",
        who="oscar",
        asset="Ads EMEA",
        codes={"run_ads"},
        by="nadia",
        reason="Christmas campaign",
    )
    stills = {"kind": "agency", "organisation": "Kettle Stills", "by": "anna", "sponsor": "anna"}
    for who in ("vera", "nils"):
        tell.joins("northwind", who, "editor", 65, by="anna")
        tell.at("64d 09:30", verbs.agree_on_terms, account="northwind", who=who, **stills)
    tell.at("22d 15:00", verbs.end_engagement, account="northwind", organisation="Kettle Stills", by="anna",
            reason="The summer shoot is done, and the contract has ended")  # fmt: skip
    for second, who in enumerate(("vera", "nils"), 10):
        tell.at(f"22d 15:00:{second}", verbs.mail_goes_out, account="northwind", address=who)
    _own_roles(tell)
    tell.at("45d 15:00", verbs.archive_asset, account="northwind", name="Pop-up 2025", by="anna")
    tell.at("44d 09:20", verbs.archive_asset, account="northwind", name="Creator brief", by="anna")
    tell.at("43d 10:05", verbs.restore_asset, account="northwind", name="Creator brief", by="anna")
    tell.at("40d 16:00", verbs.leave, account="northwind", who="henrik")
    tell.at("36d 10:40", verbs.name_successor, account="northwind", who="anna", by="nadia")
    tell.at("36d 11:00", verbs.change_policy, account="northwind", by="nadia", most_administrators=4)
    tell.at("33d 09:40", verbs.suspend, account="northwind", who="grace", by="anna", reason="On leave")
    tell.at("26d 09:40", verbs.restore, account="northwind", who="grace", by="anna")
    tell.at("8d 10:20", verbs.raise_role, account="northwind", who="grace", role="editor", days=11, by="anna",
            reason="Covers the posts while Eddie is away")  # fmt: skip
    tell.at("20d 17:30", verbs.offboard, account="northwind", who="kofi", by="anna", reason="Left the company")
    tell.at("20d 17:30:10", verbs.mail_goes_out, account="northwind", address="kofi")
    tell.at("9d 11:00", verbs.suspend, account="northwind", who="bruno", by="nadia", reason="Laptop was stolen")
    tell.at(
        "3d 15:00", verbs.plan_policy, account="northwind", by="nadia",
        starts_at=tell.stage.now + dt.timedelta(days=9), second_factor="everyone",
        reason="The insurance asks for it from next month",
    )  # fmt: skip
    tell.joins("northwind", "jonas", "analyst", 4, by="anna", confirmed=False)
    tell.at(
        "70d 09:00", verbs.ask_for_role, account="northwind", who="eddie", role="editor", reason="I plan the posts now"
    )
    for mail, who in enumerate(("nadia", "anna")):
        tell.at(f"70d 09:00:1{mail}", verbs.mail_goes_out, account="northwind", address=who)
    tell.at(
        "69d 10:00", verbs.refuse_request, account="northwind", who="eddie", by="anna", answer="After your training"
    )
    tell.at("69d 10:00:10", verbs.mail_goes_out, account="northwind", address="eddie")
    tell.at("110m", verbs.ask_on_asset, account="northwind", who="milo", asset="Ads EMEA", codes={"run_ads"}, days=21,
            reason="The winter campaign starts on Monday, and I set up its ads.")  # fmt: skip
    agency = {"kind": "agency", "organisation": "Brightside Agency", "by": "anna"}
    tell.at("98d 10:00", verbs.agree_on_terms, account="northwind", who="ines", sponsor="anna", **agency)
    tell.at("3d 12:00", verbs.agree_on_terms, account="northwind", who="jonas", sponsor="anna", days=6, **agency)
    tell.at("15m", verbs.announce_end, account="northwind", who="jonas")
    tell.at("96d 10:00", verbs.agree_on_terms, account="northwind", who="milo", by="anna", kind="contractor",
            organisation="Milo Film", days=47)  # fmt: skip
    tell.joins("northwind", "elif", "administrator", 3, by="nadia", confirmed=False)
    _grants(tell)
    _reviews(tell)
    tell.at(
        "90d 13:00", verbs.change_billing, account="northwind", by="fiona", name="Fiona Byrne", company="Northwind Coffee ApS",
        address="bills@northwind.example", postal_address="Havnegade 12, 1058 København", country="Denmark", tax_number="DK 12345678",
    )  # fmt: skip
    tell.at(
        "34m", verbs.ask_for_second_person, account="northwind", act="administrator", way="approve", by="nadia",
        approved_by="dana",
    )  # fmt: skip
    tell.at(
        "28m", verbs.is_refused, tries=verbs.change_role, by="anna", account="northwind", who="oscar",
        role="administrator", reason="Stands in for me in January",
    )  # fmt: skip
    tell.at("89d 09:15", verbs.change_plan, account="northwind", plan="team", by="fiona")


def _reviews(tell: Teller) -> None:
    """Northwind has reviewed everybody once, and does so again; somebody keeps the rest without a look."""
    tell.at("28d 08:30", verbs.start_review, account="northwind", name="Autumn review", by="nadia", rule="owner")
    looks = {"anna": 41, "dana": 65, "eddie": 22, "oscar": 33, "fiona": 18, "ruth": 25}
    for minute, (who, seconds) in enumerate(looks.items(), 31):
        tell.at(
            f"27d 09:{minute}", verbs.decide, account="northwind", who=who, decision="keep", seconds=seconds, by="nadia"
        )
    tell.at("27d 09:45", verbs.decide, account="northwind", who="kofi", decision="end", seconds=58, by="nadia",
            reason="Leaves us this month")  # fmt: skip
    tell.at("21d 10:00", verbs.keep_rest, account="northwind", by="nadia",
            reason="All of them were in the team meeting, and said what they work on")  # fmt: skip
    tell.at("19d 09:00", verbs.carry_out_review, account="northwind", by="anna")
    tell.at("19d 09:20", verbs.close_review, account="northwind", by="nadia")
    next_on = (tell.stage.now + dt.timedelta(days=60)).date()
    tell.at("19d 09:25", verbs.schedule_reviews, account="northwind", by="nadia", next_on=next_on)
    tell.at("2d 10:30", verbs.start_review, account="northwind", name="Before the holidays", by="nadia")
    tell.at("1d 09:40", verbs.decide, account="northwind", who="ines", decision="keep", seconds=37, by="anna",
            reason="Plans our posts until March")  # fmt: skip


def _grants(tell: Teller) -> None:
    """Northwind puts people and assets together, and grants what they do on both profiles for a time."""
    profiles = ["Northwind Europe", "Northwind US"]
    tell.at("31d 11:00", verbs.make_asset_group, account="northwind", name="Profiles", assets=profiles, by="anna")
    tell.at(
        "31d 11:05", verbs.make_people_group, account="northwind", name="Comments crew", people=["fiona", "grace"],
        by="anna",
    )  # fmt: skip
    for minute, (who, asset) in enumerate([(who, asset) for who in ("fiona", "grace") for asset in profiles]):
        tell.at(
            f"25d 11:1{minute}", verbs.set_grants, account="northwind", who=who, asset=asset, by="anna", days=12,
            codes={"view_analytics", "reply_comments"}, reason="Winter shifts for the comments",
        )  # fmt: skip
    tell.at(
        "24d 15:00", verbs.set_grants, account="northwind", who="ruth", asset="Ads EMEA", codes={"view_analytics"},
        by="nadia", reason="Looks over the ad budget",
    )  # fmt: skip


def _own_roles(tell: Teller) -> None:
    """Northwind makes roles that fit: one grows and is held by two, one is powerful, one is retired again."""
    plans = {"view_analytics", "draft_content", "publish_content"}
    tell.at(
        "55d 09:00",
        verbs.create_role,
        account="northwind",
        name="Campaign lead",
        about="Plans a campaign and sees it through, ads included.",
        codes=plans,
        by="anna",
    )
    tell.at(
        "54d 09:30",
        verbs.create_role,
        account="northwind",
        name="Pop-up crew",
        about="Runs the profile of the pop-up shop.",
        codes={"view_analytics", "reply_comments", "draft_content"},
        by="anna",
    )
    tell.joins("northwind", "leo", "campaign-lead", 53, by="anna")
    tell.joins("northwind", "priya", "pop-up-crew", 52, by="anna")
    tell.at(
        "47d 14:20", verbs.edit_role, account="northwind", code="campaign-lead", codes={*plans, "run_ads"}, by="anna"
    )
    tell.at(
        "44d 16:00",
        verbs.retire_role,
        account="northwind",
        code="pop-up-crew",
        move_to="campaign-lead",
        by="anna",
        reason="The pop-up shop has closed",
    )
    tell.at(
        "25d 10:00",
        verbs.create_role,
        account="northwind",
        name="Office manager",
        about="Looks after budget, ads and invoices.",
        codes={"manage_billing", "run_ads", "view_analytics"},
        by="nadia",
    )
    tell.joins("northwind", "carla", "office-manager", 24, by="nadia")


def _lumen(tell: Teller) -> None:
    tell.arrives("lars", "97d 08:00")
    tell.at("97d 08:10", verbs.open_account, account="lumen", name="Lumen Bikes", by="lars")
    for minute, (kind, name, handle) in enumerate(
        [
            ("profile", "Lumen Bikes", "@lumenbikes"),
            ("ad_account", "Lumen ads", "7099887"),
            ("catalogue", "Spring range", ""),
        ]
    ):
        tell.at(f"97d 08:2{minute}", verbs.add_asset, account="lumen", kind=kind, name=name, handle=handle, by="lars")
    tell.joins("lumen", "ines", "editor", 94, by="lars")
    tell.joins("lumen", "petra", "administrator", 91, by="lars")
    tell.joins("lumen", "hugo", "editor", 90, by="petra")
    tell.joins("lumen", "mina", "moderator", 88, by="petra")
    tell.joins("lumen", "ivan", "analyst", 85, by="petra")
    tell.joins("lumen", "priya", "analyst", 79, by="petra")
    tell.joins("lumen", "ben", "editor", 70, by="petra")
    tell.joins("lumen", "noor", "member", 65, by="petra", grants={"Spring range": {"view_analytics"}})
    tell.joins("lumen", "jonas", "moderator", 58, by="lars")
    tell.at("50d 12:00", verbs.change_policy, account="lumen", by="lars", confirmation="before", most_administrators=3)
    tell.at("49d 09:00", verbs.change_policy, account="lumen", by="lars", invitation_days=14)
    tell.joins("lumen", "sofie", "administrator", 41, by="lars")
    tell.at("34d 10:00", verbs.offer_ownership, account="lumen", who="petra", by="lars")
    tell.at("34d 10:00:10", verbs.mail_goes_out, account="lumen", address="petra")
    tell.at("33d 12:00", verbs.decline_ownership, account="lumen", who="petra")
    tell.at("30d 12:30", verbs.leave, account="lumen", who="ben")
    tell.at("25d 15:20", verbs.claim_ownership, account="lumen", who="petra", reason="Lars has not answered for weeks")
    tell.at("24d 06:40", verbs.refuse_claim, account="lumen", by="lars")
    starts_at = tell.stage.moment("3d 09:00")
    tell.at(
        "12d 09:00", verbs.plan_policy, account="lumen", by="lars", starts_at=starts_at, domains=[LUMEN, NORTHWIND],
        reason="Our own people take over",
    )  # fmt: skip
    tell.at("4d 09:00:30", verbs.plans_are_minded)
    tell.at("3d 09:00:30", verbs.plans_are_minded)
    for who in ("lars", "petra", "sofie"):
        tell.at("25d 15:20:10", verbs.mail_goes_out, account="lumen", address=who)
        tell.at("24d 06:40:10", verbs.mail_goes_out, account="lumen", address=who)
    tell.is_invited("lumen", "gabriel", 9, by="sofie")
    tell.at(
        "8d 09:00",
        verbs.change_role,
        account="lumen",
        who="sofie",
        role="analyst",
        by="lars",
        reason="Back to the numbers, as agreed",
    )
    tell.joins("lumen", "viktor", "editor", 5, by="petra", confirmed=False)
    tell.at("4d 11:00", verbs.accept_too_late, account="lumen", who="gabriel")  # who invited him may not any more
    tell.at("4d 11:00:10", verbs.mail_goes_out, account="lumen", address="lars")


def _halo(tell: Teller) -> None:
    tell.arrives("amelie", "89d 08:00")
    tell.at("89d 08:10", verbs.open_account, account="halo", name="Halo Skincare", by="amelie")
    for minute, (kind, name, handle) in enumerate(
        [("profile", "Halo", "@halo.skin"), ("profile", "Halo Lab", "@halolab"), ("ad_account", "Halo ads", "7044556")]
    ):
        tell.at(f"89d 08:2{minute}", verbs.add_asset, account="halo", kind=kind, name=name, handle=handle, by="amelie")
    tell.joins("halo", "chen", "administrator", 86, by="amelie")
    tell.joins("halo", "ines", "editor", 84, by="chen")
    tell.joins("halo", "lucia", "editor", 83, by="chen")
    tell.joins("halo", "omar", "finance", 80, by="amelie")
    tell.joins("halo", "tess", "moderator", 77, by="chen")
    tell.joins("halo", "paul", "analyst", 75, by="chen")
    tell.joins("halo", "priya", "analyst", 74, by="chen")
    tell.at(
        "60d 09:00",
        verbs.change_policy,
        account="halo",
        by="amelie",
        second_factor="administrators",
        most_administrators=3,
        invitation_days=3,
    )
    tell.joins("halo", "rosa", "administrator", 45, by="amelie")
    tell.joins("halo", "tom", "administrator", 43, by="amelie")
    tell.at("38d 10:20", verbs.rename_asset, account="halo", name="Halo Lab", to="Halo Laboratory", by="rosa")
    tell.at("10d 14:00", verbs.suspend, account="halo", who="paul", by="rosa", reason="Contract under review")
    tell.at("40d 09:00", verbs.agree_on_terms, account="halo", who="priya", by="chen", kind="agency",
            organisation="Brightside Agency", sponsor="rosa", days=-3)  # fmt: skip
    over = tell.stage.now - dt.timedelta(days=3)
    tell.at(over + dt.timedelta(seconds=30), verbs.run_out, account="halo", who="priya")
    tell.at(over + dt.timedelta(seconds=40), verbs.mail_goes_out, account="halo", address="priya")
    tell.joins("halo", "gabriel", "editor", 6, by="rosa", confirmed=False)
    tell.at("50m", verbs.offer_ownership, account="halo", who="chen", by="amelie")


def _studio(tell: Teller) -> None:
    tell.arrives("giulia", "60d 11:00")
    tell.at("60d 11:10", verbs.open_account, account="studio", name="Pellegrini", by="giulia", kind="standard")
    tell.at("60d 11:30", verbs.rename_account, account="studio", name="Pellegrini Ceramics", by="giulia")
    tell.at(
        "60d 11:20",
        verbs.add_asset,
        account="studio",
        kind="profile",
        name="Pellegrini",
        handle="@pellegrini",
        by="giulia",
    )
    here = {"account": "studio", "label": "TikTok", "by": "giulia"}
    tell.at("58d 09:00", verbs.add_login, **here, platform="tiktok.com", username="@pellegrini")
    tell.at("58d 09:10", verbs.note_knower, **here, name="Marco Bruni", purpose="Films and posts", told_by="Giulia",
            address="marco@bruni-video.example")  # fmt: skip
    tell.at(
        "58d 09:12", verbs.note_knower, **here, name="Chiara Pellegrini", purpose="Answers comments", told_by="Giulia"
    )
    tell.at("40d 12:00", verbs.sign_change, **here, told={"Marco Bruni", "Chiara Pellegrini"})
    tell.at(
        "26d 16:00", verbs.note_knower, **here, name="Dario Conti", purpose="Summer campaign", told_by="Marco Bruni"
    )
    tell.at("2d 08:30", verbs.note_gone, **here, name="Dario Conti", reason="The campaign is over")
    tell.at("2d 08:31", verbs.mail_goes_out, account="studio", address="giulia")
    tell.at("1d 08:35", verbs.is_reminded, account="studio")
    tell.at("1d 08:36", verbs.mail_goes_out, account="studio", address="giulia")
    mailbox = {"account": "studio", "label": "Mailbox behind it", "by": "giulia"}
    tell.at(
        "57d 09:00",
        verbs.add_login,
        **mailbox,
        platform="mail.pellegrini.example",
        username="studio@pellegrini.example",
    )
    tell.at(
        "57d 09:05",
        verbs.note_knower,
        **mailbox,
        name="Chiara Pellegrini",
        purpose="Codes for signing in",
        told_by="Giulia",
    )
    tell.at("55d 10:00", verbs.open_account, account="old", name="Northwind Pop-up", by="henrik")
    tell.joins("old", "nadia", "editor", 54, by="henrik")
    tell.at("41d 16:00", verbs.leave, account="old", who="nadia")
    tell.at("39d 10:00", verbs.close_account, account="old", by="henrik")
    tell.arrives("wanda", "12d 10:00")
    tell.arrives("stefan", "118d 07:00")


def _invitations(tell: Teller) -> None:
    """Northwind's invitations, one in each state; the last ones are sent for real when the story ends."""
    tell.is_invited("northwind", "olaf.krause@northwind.example", 21, by="anna", role="analyst")  # ran out
    tell.is_invited("northwind", "pia.holmgren@northwind.example", 16, by="anna")
    tell.at("16d 11:10", verbs.open_link, account="northwind", address="pia.holmgren@northwind.example")
    tell.at("16d 11:12", verbs.decline, account="northwind", address="pia.holmgren@northwind.example")
    tell.is_invited("northwind", "rob.sanders@northwind.example", 14, by="nadia", role="administrator")
    tell.at("13d 08:00", verbs.revoke, account="northwind", address="rob.sanders@northwind.example", by="nadia")
    tell.is_invited("northwind", "lena.fischer@northwind.example", 5, by="anna")
    tell.at("3d 09:00", verbs.resend, account="northwind", address="lena.fischer@northwind.example", by="anna")
    tell.at(
        "3d 09:01", verbs.mail_is_delayed, account="northwind", address="lena.fischer@northwind.example", problem=SLOW
    )
    tell.at("3d 09:04", verbs.mail_goes_out, account="northwind", address="lena.fischer@northwind.example")
    tell.at("2d 12:30", verbs.open_link, account="northwind", address="lena.fischer@northwind.example")
    tell.is_invited("northwind", "wanda", 2, by="anna", role="moderator")
    tell.at("2d 18:00", verbs.open_link, account="northwind", address="wanda", who="eddie")
    tell.is_invited("northwind", "dana.w@northwnd.example", 1, by="anna", sent=False)
    tell.at("1d 10:01", verbs.mail_fails, account="northwind", address="dana.w@northwnd.example", problem=REFUSED)
    tell.is_invited("northwind", "sara.lund@northwind.example", 4, by="nadia", role="finance")
    tell.at("2d 15:00", verbs.copy_link, account="northwind", address="sara.lund@northwind.example", by="nadia")
    tell.at(
        "1d 09:30",
        verbs.change_offer,
        account="northwind",
        address="sara.lund@northwind.example",
        role="analyst",
        by="nadia",
        grants={"Ads EMEA": {"run_ads"}},
    )
    tell.is_invited("lumen", "max.thiel@lumenbike.example", 4, by="petra")
    tell.at(
        "3d 14:00",
        verbs.correct_address,
        account="lumen",
        address="max.thiel@lumenbike.example",
        to="max.thiel@lumenbikes.example",
        by="petra",
    )
    tell.at("3d 14:01", verbs.mail_goes_out, account="lumen", address="max.thiel@lumenbikes.example")
    tell.at("40m", verbs.invite, account="northwind", address="freya.aalto@northwind.example", role="editor", by="anna",
            grants={"Ads EMEA": {"run_ads"}}, message="Welcome aboard, Freya!\nThe content plan starts on Monday.")  # fmt: skip
    tell.at(
        "35m", verbs.invite, account="halo", address="noemi.keller@halo-skincare.example", role="analyst", by="rosa"
    )
    tell.at("30m", verbs.invite, account="agency", address="felix.brandt@brightside.example", role="editor", by="tom")
    tell.at("25m", verbs.resend, account="northwind", address="wanda", by="anna")  # on the list of sign-ins
    tell.at("20m", verbs.invite, account="lumen", address="nadia", role="analyst", by="petra")
    _lists(tell)


def _lists(tell: Teller) -> None:
    """A list that went out, but for two rows, and one that somebody has only looked at."""
    tell.at(
        "4d 13:00",
        verbs.invite_from_list,
        account="northwind",
        file="autumn-campaign.csv",
        rows=[
            ["Mika Salo", "mika.salo@northwind.example", "Editor"],
            ["Ida Nord", "ida.nord@northwind.example", "Moderator"],
            ["Jonas Lind", "jonas.lind@northwind", "Editor"],
            ["Vera Holt", "vera.holt@northwind.example", "Copywriter"],
        ],
        by="anna",
    )
    for address in ("mika.salo@northwind.example", "ida.nord@northwind.example"):
        tell.at("4d 13:01", verbs.mail_goes_out, account="northwind", address=address)
    tell.at(
        "1d 15:20",
        verbs.upload_list,
        account="northwind",
        file="freelancers.csv",
        rows=[
            ["Tove Berg", "tove@bergstudio.example", "Editor"],
            ["Luis Prat", "luis.prat@freelance.example", "Analyst"],
            ["Eddie Clarke", CAST["eddie"].address, "Editor"],
            ["Tove Berg", "Tove@bergstudio.example", "Editor"],
            ["Kim", "kim@", "Editor"],
        ],
        by="nadia",
    )


def _refusals(tell: Teller) -> None:
    tell.at("54d 10:00", verbs.open_page, who="eddie", page="team", account="northwind")
    tell.at("31d 10:30", verbs.open_page, who="milo", page="activity", account="northwind")
    tell.at(
        "12d 16:20",
        verbs.is_refused,
        tries=verbs.change_role,
        by="anna",
        account="northwind",
        who="oscar",
        role="finance",
    )
    tell.at("65d 10:00", verbs.is_refused, tries=verbs.suspend, by="anna", account="northwind", who="dana")
    tell.at(
        "44d 14:40", verbs.is_refused, tries=verbs.change_role, by="anna", account="northwind", who="anna", role="owner"
    )
    tell.at(
        "22d 15:00",
        verbs.is_refused,
        tries=verbs.invite,
        by="anna",
        account="northwind",
        address="eddie",
        role="editor",
    )
    tell.at(
        "18d 15:00",
        verbs.is_refused,
        tries=verbs.invite,
        by="amelie",
        account="halo",
        address="third.admin@halo-skincare.example",
        role="administrator",
    )
    tell.at(
        "50d 11:00",
        verbs.is_refused,
        tries=verbs.invite,
        by="giulia",
        account="studio",
        address="friend@pellegrini.example",
        role="editor",
    )
    tell.at(
        "1d 10:20",
        verbs.look_into,
        account="northwind",
        by="stefan",
        reason="Nadia asked by mail why an invitation did not arrive",
    )
    tell.at("6d 09:10", verbs.save_view, account="northwind", by="nadia", name="Invitations", act="invitation.")
    milo = f":{key_of('Milo Film')}"
    tell.at("6d 09:12", verbs.save_view, account="northwind", by="nadia", name="Milo Film’s people", behalf=milo)
    tell.at("20m", verbs.export_in_background, account="northwind", by="nadia")
    archive = {"account": "northwind", "label": "Log archive"}
    tell.at(
        "12d 13:00", verbs.send_log_on, **archive, address="https://logs.northwind.example/accessportal", by="nadia"
    )
    for when in ("12d 13:01", "9d 07:00"):
        tell.at(when, verbs.log_system_answers, **archive)
    for when in ("8d 09:00", "8d 09:01", "8d 09:06", "8d 09:21", "8d 10:21", "8d 14:21"):
        tell.at(when, verbs.log_system_answers, **archive, problem="It answered 503.")
    for when in ("8d 14:30", "5d 07:00", "3d 07:00"):
        tell.at(when, verbs.log_system_answers, **archive)
    tell.at("2d 12:00", verbs.pause_stream, **archive, by="nadia")
    tell.at("61d 09:00", verbs.read_log, account="northwind", by="ruth")
    tell.at("29d 09:00", verbs.read_log, account="northwind", by="ruth")
    tell.at("29d 09:25", verbs.export_log, account="northwind", by="ruth", result="refused")
    tell.at("8d 03:12", verbs.mistype_password, who="nadia")
    tell.at("8d 03:13", verbs.mistype_password, who="nadia")
    tell.at("8d 03:15", verbs.mistype_password, who="admin@northwind.example")
    tell.at("7d 08:00", verbs.change_password, who="nadia")
    tell.at("25d 08:00", verbs.change_profile, who="sam", time_zone="Africa/Accra")
    tell.at("20d 08:05", verbs.choose_notices, who="nadia", joined="at_once", team_ending="digest")
    for who, since in tell.signed_up.items():
        read_at = tell.stage.moment("2d 06:00")  # what came since then stands unread
        if since < read_at:
            tell.at(read_at, verbs.read_inbox, who=who)


def _watching(tell: Teller) -> None:
    """Three things that the rules of watching notice: one is explained, two wait."""
    for minute in (2, 9, 17, 24):
        tell.at(f"12d 16:{minute:02}", verbs.export_members, account="northwind", by="anna")
    tell.at("12d 17:00", verbs.rules_watch)
    tell.at(
        "11d 08:40",
        verbs.acknowledge_alert,
        account="northwind",
        rule="mass_export",
        by="nadia",
        note="Anna compared four weeks for the agency’s invoice; I asked her on the phone.",
    )
    tell.at("11d 08:45", verbs.tune_rule, account="northwind", rule="mass_export", by="nadia", exports=6)
    tell.at(
        "10d 09:00",
        verbs.mute_rule,
        account="northwind",
        rule="unused_powers",
        days=30,
        by="nadia",
        reason="The office moves, half of us are away",
    )
    tell.at("3d 01:50", verbs.sign_in_from, who="oscar", address="192.0.2.183", browser=STRANGE_BROWSER)
    tell.at("3d 01:51", verbs.rules_watch)
    for minute, who in enumerate(("oscar", "milo", "grace")):
        tell.at(
            f"1d 14:{10 + 20 * minute}",
            verbs.open_link,
            account="northwind",
            address="lena.fischer@northwind.example",
            who=who,
        )
    tell.at("1d 15:00", verbs.rules_watch)


def _daily_life(tell: Teller) -> None:
    """People sign in on working days at their own hour, and sign out at the end of some of them."""
    for who, since in tell.signed_up.items():
        number = CAST[who].number
        for day in range(100, 0, -1):
            moment = tell.stage.moment(f"{day}d {6 + number % 9:02}:{number * 7 % 60:02}")
            comes = (number + day) % 5 in (0, 2) if day < 30 else (number + day) % 11 == 0  # lately more often
            if moment <= since + dt.timedelta(days=1) or moment.weekday() > 4 or not comes:
                continue
            tell.at(moment, verbs.sign_in, who=who)
            if (number + day) % 10 == 0:
                tell.at(moment + dt.timedelta(hours=8), verbs.sign_out, who=who)
