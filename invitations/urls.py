"""The addresses of this floor."""

from django.urls import URLPattern, path, re_path

from . import views
from .tokens import LENGTH

_TOKEN = rf"^invitations/(?P<token>[A-Za-z0-9_-]{{{LENGTH}}})/"

urlpatterns: list[URLPattern] = [
    path("auth/login/", views.SignIn.as_view(), name="account_login"),  # these two before the sign-in library's own
    path("auth/signup/", views.SignUp.as_view(), name="account_signup"),
    path("invitations/continue/", views.ContinueInvitation.as_view(), name="invitation_continue"),
    path("invitations/forget/", views.ForgetInvitation.as_view(), name="forget_invitation"),
    re_path(rf"{_TOKEN}$", views.OfferPage.as_view(), name="invitation_offer"),
    re_path(rf"{_TOKEN}accept/$", views.AcceptInvitation.as_view(), name="accept_invitation"),
    re_path(rf"{_TOKEN}decline/$", views.DeclineInvitation.as_view(), name="decline_invitation"),
    re_path(rf"{_TOKEN}enter/$", views.EnterInvitation.as_view(), name="enter_invitation"),
    path("invitations/<path:anything>", views.NoInvitation.as_view(), name="no_invitation"),
]
inside_an_account: list[URLPattern] = [
    path("invitations/", views.InvitationList.as_view(), name="invitations"),
    path("invitations/new/", views.InvitePeople.as_view(), name="invite"),
    path("invitations/lists/", views.ImportList.as_view(), name="imports"),
    path("invitations/lists/<int:pk>/", views.ImportPage.as_view(), name="import"),
    path("invitations/lists/<int:pk>/columns/", views.MapColumns.as_view(), name="import_columns"),
    path("invitations/lists/<int:pk>/start/", views.StartImport.as_view(), name="start_import"),
    path("invitations/lists/<int:pk>/stop/", views.StopImport.as_view(), name="stop_import"),
    path("invitations/lists/<int:pk>/problems/", views.ImportProblems.as_view(), name="import_problems"),
    path("invitations/<int:pk>/", views.InvitationPage.as_view(), name="invitation"),
    path("invitations/<int:pk>/resend/", views.ResendInvitation.as_view(), name="resend_invitation"),
    path("invitations/<int:pk>/link/", views.CopyInvitationLink.as_view(), name="copy_invitation_link"),
    path("invitations/<int:pk>/address/", views.CorrectInvitation.as_view(), name="correct_invitation"),
    path("invitations/<int:pk>/change/", views.ChangeInvitation.as_view(), name="change_invitation"),
    path("invitations/<int:pk>/revoke/", views.RevokeInvitation.as_view(), name="revoke_invitation"),
]
