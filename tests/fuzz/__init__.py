"""The whole API document thrown at the API by schemathesis, in this process (issue: no 5xx, no schema violation)."""
