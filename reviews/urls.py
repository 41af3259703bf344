"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

inside_an_account: list[URLPattern] = [
    path("reviews/", views.ReviewList.as_view(), name="reviews"),
    path("reviews/new/", views.StartReview.as_view(), name="start_review"),
    path("reviews/schedule/", views.ChangeSchedule.as_view(), name="review_schedule"),
    path("reviews/reports/", views.ReportList.as_view(), name="review_reports"),
    path("reviews/mine/", views.MyReviews.as_view(), name="my_reviews"),
    path("reviews/items/<int:pk>/", views.ItemPage.as_view(), name="review_item"),
    path("reviews/items/<int:pk>/pass/", views.PassOn.as_view(), name="pass_on_review"),
    path("reviews/items/<int:pk>/reviewer/", views.Reassign.as_view(), name="reassign_review"),
    path("reviews/<int:pk>/", views.ReviewPage.as_view(), name="review"),
    path("reviews/<int:pk>/keep/", views.KeepRest.as_view(), name="keep_rest"),
    path("reviews/<int:pk>/carry-out/", views.CarryOut.as_view(), name="carry_out_review"),
    path("reviews/<int:pk>/close/", views.CloseReview.as_view(), name="close_review"),
    path("reviews/<int:pk>/report/", views.ReportPage.as_view(), name="review_report"),
    path("reviews/<int:pk>/report.<slug:kind>", views.ReportFile.as_view(), name="review_report_file"),
]
