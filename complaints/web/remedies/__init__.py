"""Remedies in the browser: the panel beside a case, the charges it gives back, approvals, what was granted."""
