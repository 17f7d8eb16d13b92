"""Payouts in the browser."""
