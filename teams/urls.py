"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("accounts/new/", views.OpenAccount.as_view(), name="open_account"),
    path("people/<int:pk>/", views.PersonPage.as_view(), name="person"),
]
inside_an_account: list[URLPattern] = [
    path("security/", views.SecurityPolicyPage.as_view(), name="security_policy"),
    path("settings/close/", views.CloseAccount.as_view(), name="close_account"),
    path("settings/leave/", views.LeaveAccount.as_view(), name="leave_account"),
    path("settings/ownership/", views.OwnershipPage.as_view(), name="ownership"),
    path("settings/ownership/<int:pk>/withdraw/", views.WithdrawOffer.as_view(), name="withdraw_ownership"),
    path("ownership/<int:pk>/", views.OwnershipOfferPage.as_view(), name="ownership_offer"),
    path("ownership/<int:pk>/<slug:answer>/", views.AnswerOffer.as_view(), name="answer_ownership"),
    path("roles/", views.RoleMatrix.as_view(), name="roles"),
    path("roles/new/", views.MakeRole.as_view(), name="make_role"),
    path("roles/compare/", views.CompareRoles.as_view(), name="compare_roles"),
    path("roles/<slug:code>/", views.RolePage.as_view(), name="role"),
    path("roles/<slug:code>/edit/", views.EditRole.as_view(), name="edit_role"),
    path("roles/<slug:code>/retire/", views.RetireRole.as_view(), name="retire_role"),
    path("assets/<int:pk>/", views.AssetPage.as_view(), name="asset"),
    path("assets/<int:pk>/archive/", views.ArchiveAsset.as_view(), name="archive_asset"),
    path("assets/<int:pk>/restore/", views.RestoreAsset.as_view(), name="restore_asset"),
    path("team/", views.TeamList.as_view(), name="team"),
    path("team/offboard/", views.OffboardMany.as_view(), name="offboard_many"),
    path("team/<int:pk>/", views.MemberPage.as_view(), name="member"),
    path("team/<int:pk>/confirm/", views.ConfirmRole.as_view(), name="confirm_role"),
    path("team/<int:pk>/role/", views.ChangeRole.as_view(), name="change_role"),
    path("team/<int:pk>/assets/<int:asset_id>/", views.MemberGrants.as_view(), name="member_grants"),
    path("team/<int:pk>/suspend/", views.SuspendMember.as_view(), name="suspend_member"),
    path("team/<int:pk>/restore/", views.RestoreMember.as_view(), name="restore_member"),
    path("team/<int:pk>/offboard/", views.OffboardMember.as_view(), name="offboard_member"),
    path("receipts/<int:pk>/", views.ReceiptPage.as_view(), name="receipt"),
    path("receipts/<int:pk>/bring-back/", views.BringBack.as_view(), name="bring_back"),
    path("receipts/<int:pk>/<slug:kind>/", views.ReceiptFile.as_view(), name="receipt_file"),
]
