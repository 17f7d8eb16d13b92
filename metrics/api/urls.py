from django.urls import include, path

urlpatterns = [
    path("", include("metrics.api.customer_urls")),
    path("", include("metrics.api.survey_urls")),
    path("", include("metrics.api.figure_urls")),
    path("", include("metrics.api.learning_urls")),
]
