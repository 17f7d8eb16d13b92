"""Playbooks and knowledge as people read them, beside a case and on pages of their own."""
