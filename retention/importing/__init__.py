"""Files of customers and purchases: what each known kind means (mission C2; core.importing)."""
