from django.urls import path

from metrics.api import figures, quality, targets

urlpatterns = [
    path("metrics/", figures.Metrics.as_view(), name="api-metrics"),
    path("metrics/targets/", targets.Targets.as_view(), name="api-metric-targets"),
    path("metrics/complaints-received/quality/", quality.QualityList.as_view(), name="api-metric-quality"),
    path("metrics/<slug:figure>/", figures.OneMetric.as_view(), name="api-metric"),
    path("metrics/<slug:figure>/rows/", figures.MetricRows.as_view(), name="api-metric-rows"),
]
