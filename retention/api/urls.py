from django.urls import path

from retention.api import customers

urlpatterns = [
    path("customers/", customers.Customers.as_view(), name="api-customers"),
    path("customers/<int:pk>/", customers.OneCustomer.as_view(), name="api-customer"),
]
