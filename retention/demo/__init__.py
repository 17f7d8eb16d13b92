"""Believable customers of the shop Halden & Moss: since when they stay, what they buy and pay, whether they leave."""

SOURCE = "demo"  # the mark of everything made for the demo: complaints, customers (by external id), stays, purchases
