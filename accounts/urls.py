"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("profile/", views.ProfileView.as_view(), name="profile"),
    # In place of the sign-in library's own pages, under their addresses and names:
    path("auth/2fa/", views.SecondFactors.as_view(), name="mfa_index"),
    path("auth/2fa/totp/activate/", views.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("auth/2fa/totp/deactivate/", views.TakeOffApp.as_view(), name="mfa_deactivate_totp"),
    path("auth/2fa/webauthn/add/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("auth/2fa/webauthn/keys/<int:pk>/remove/", views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("auth/2fa/recovery-codes/", views.RecoveryCodes.as_view(), name="recovery_codes"),
    path("auth/sessions/", views.SessionList.as_view(), name="usersessions_list"),
    path("auth/sessions/<int:pk>/end/", views.EndSession.as_view(), name="end_session"),
    path("auth/not-me/<str:token>/", views.NotMe.as_view(), name="not_me"),
]
inside_an_account: list[URLPattern] = [
    path("settings/", views.AccountSettings.as_view(), name="account_settings"),
    path("settings/upgrade/", views.UpgradeAccount.as_view(), name="upgrade_account"),
    path("billing/", views.BillingPage.as_view(), name="billing"),
    path("billing/plan/", views.ChangePlan.as_view(), name="change_plan"),
    path("assets/", views.AssetList.as_view(), name="assets"),
    path("assets/new/", views.AddAsset.as_view(), name="add_asset"),
    path("assets/<int:pk>/change/", views.ChangeAsset.as_view(), name="change_asset"),
]
