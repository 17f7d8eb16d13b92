"""Pages of incidents: many cases with one cause."""
