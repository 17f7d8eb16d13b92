from retention.models.customers import ContactPoint, Customer, ExternalId, Tenure

__all__ = ["ContactPoint", "Customer", "ExternalId", "Tenure"]
