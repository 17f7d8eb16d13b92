"""Outgoing webhooks as Standard Webhooks describes them: which events, how they are signed, where they may go."""
