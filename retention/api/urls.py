from django.urls import include, path

from retention.api import customers, duplicates

urlpatterns = [
    path("customers/", customers.Customers.as_view(), name="api-customers"),
    path("customers/duplicates/", duplicates.Duplicates.as_view(), name="api-customer-duplicates"),
    path("customers/<int:pk>/duplicates/", duplicates.DuplicatesOf.as_view(), name="api-customer-duplicates-of"),
    path("customers/<int:pk>/", customers.OneCustomer.as_view(), name="api-customer"),
    path("", include("retention.api.purchase_urls")),
]
