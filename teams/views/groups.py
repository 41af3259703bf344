"""Groups of assets and of people: their lists, and making, changing and deleting one."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.models import Asset
from accounts.permissions import MANAGE_ASSETS, MANAGE_TEAM
from accounts.views import AccountFormView, AccountView, page_of

from .. import actions
from ..forms import MOST_TICKED, GroupFilterForm, GroupForm, PeopleGroupForm, ids_in
from ..models import AssetGroup, Membership, PeopleGroup
from .granting import asset_choices, people_choices


class AboutAssets:
    """What the pages about groups of assets have in common."""

    model: ClassVar[Any] = AssetGroup
    of_people: ClassVar[bool] = False
    home: ClassVar[str] = "asset_groups"


class AboutPeople:
    """What the pages about groups of people have in common."""

    model: ClassVar[Any] = PeopleGroup
    of_people: ClassVar[bool] = True
    home: ClassVar[str] = "people_groups"


class GroupView(AccountView):
    """A page about groups of one kind."""

    abstract = True
    model: ClassVar[Any]
    of_people: ClassVar[bool]
    home: ClassVar[str]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say which kind it is, and where their list is."""
        return super().get_context_data(of_people=self.of_people, back=self.list_page, **kwargs)

    @property
    def list_page(self) -> str:
        """The path of the list."""
        return reverse(self.home, args=[self.account.slug])


class GroupList(GroupView, TemplateView):
    """The groups of one kind."""

    abstract = True
    template_name = "teams/groups.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Search and page."""
        form = GroupFilterForm(self.request.GET)
        everything = self.model.objects.of(self.account)
        rows = everything.matching(form.wanted()["q"])
        page = page_of(rows.counted(), self.request, count=rows.count())
        return super().get_context_data(form=form, page_obj=page, any_at_all=everything.exists(), **kwargs)


class GroupFormView(GroupView, AccountFormView):
    """A group's name, and what is in it."""

    abstract = True
    template_name = "teams/edit_group.html"
    group: Any = None

    @property
    def ticked(self) -> set[int]:
        """The ids that are ticked: those sent, or those that are in the group now."""
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        ids = set(ids_in(sent, "member" if self.of_people else "asset"))
        if self.request.method == "POST" or self.group is None:
            return ids
        return ids | {thing.pk for thing in self.group.present}

    def get_initial(self) -> dict[str, Any]:
        """Begin with the present name."""
        return {"name": self.group.name} if self.group else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out what can be in it."""
        choices = (people_choices if self.of_people else asset_choices)(self.account, self.ticked)
        return super().get_context_data(group=self.group, choices=choices, **kwargs)


class AssetGroupForm(AboutAssets, GroupFormView):
    """A form about a group of assets."""

    abstract = True
    permission = MANAGE_ASSETS
    form_class = GroupForm

    def chosen(self) -> list[Asset]:
        """Return the assets that are ticked; ids of other accounts are like ids that never were."""
        return list(Asset.objects.of(self.account).in_use().filter(pk__in=self.ticked))


class PeopleGroupFormView(AboutPeople, GroupFormView):
    """A form about a group of people."""

    abstract = True
    permission = MANAGE_TEAM
    form_class = PeopleGroupForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form know whose addresses count."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """In a large account people are named by their addresses."""
        context = super().get_context_data(**kwargs)
        many = Membership.objects.current().filter(account=self.account).count()
        return {**context, "by_address": many > MOST_TICKED}

    def chosen(self, form: Any) -> list[Membership]:
        """Return the members who are ticked or named; ids of other accounts are like ids that never were."""
        rows = Membership.objects.current().filter(account=self.account, pk__in=self.ticked)
        return list({row.pk: row for row in [*rows, *form.cleaned_data["addresses"]]}.values())


class AssetGroupList(AboutAssets, GroupList):
    """The groups of assets."""

    permission = MANAGE_ASSETS


class PeopleGroupList(AboutPeople, GroupList):
    """The groups of people."""

    permission = MANAGE_TEAM


class MakeAssetGroup(AssetGroupForm):
    """Make a group of assets."""

    permission = MANAGE_ASSETS

    def form_valid(self, form: Any) -> HttpResponse:
        """Make it."""
        name = form.cleaned_data["name"]
        group = actions.make_asset_group(account=self.account, name=name, assets=self.chosen(), by=self.me)
        return self.done(_("The group %(group)s is made.") % {"group": group}, to=self.list_page)


class ChangeAssetGroup(AssetGroupForm):
    """Rename a group of assets, or change what is in it."""

    permission = MANAGE_ASSETS

    def load(self) -> None:
        """Find the group."""
        self.group = get_object_or_404(AssetGroup.objects.of(self.account), pk=self.kwargs["pk"])

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it."""
        name = form.cleaned_data["name"]
        group = actions.change_asset_group(group=self.group, name=name, assets=self.chosen(), by=self.me)
        return self.done(_("The group %(group)s is saved.") % {"group": group}, to=self.list_page)


class MakePeopleGroup(PeopleGroupFormView):
    """Make a group of people."""

    permission = MANAGE_TEAM

    def form_valid(self, form: Any) -> HttpResponse:
        """Make it."""
        name, members = form.cleaned_data["name"], self.chosen(form)
        group = actions.make_people_group(account=self.account, name=name, memberships=members, by=self.me)
        return self.done(_("The group %(group)s is made.") % {"group": group}, to=self.list_page)


class ChangePeopleGroup(PeopleGroupFormView):
    """Rename a group of people, or change who is in it."""

    permission = MANAGE_TEAM

    def load(self) -> None:
        """Find the group."""
        self.group = get_object_or_404(PeopleGroup.objects.of(self.account), pk=self.kwargs["pk"])

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it."""
        name, members = form.cleaned_data["name"], self.chosen(form)
        group = actions.change_people_group(group=self.group, name=name, memberships=members, by=self.me)
        return self.done(_("The group %(group)s is saved.") % {"group": group}, to=self.list_page)


class DeleteGroup(GroupView, AccountFormView):
    """Delete a group; nobody loses anything by it."""

    abstract = True
    template_name = "teams/delete_group.html"

    def load(self) -> None:
        """Find the group."""
        self.group = get_object_or_404(self.model.objects.of(self.account), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what goes, and what stays."""
        return super().get_context_data(
            group=self.group,
            effects=[_("The group can’t be chosen any more.")],
            keeps=[_("What was granted by it stays: a group holds no power by itself.")],
            **kwargs,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete it."""
        delete = actions.delete_people_group if self.of_people else actions.delete_asset_group
        delete(group=self.group, by=self.me)
        return self.done(_("The group %(group)s is deleted.") % {"group": self.group}, to=self.list_page)


class DeleteAssetGroup(AboutAssets, DeleteGroup):
    """Delete a group of assets."""

    permission = MANAGE_ASSETS


class DeletePeopleGroup(AboutPeople, DeleteGroup):
    """Delete a group of people."""

    permission = MANAGE_TEAM
