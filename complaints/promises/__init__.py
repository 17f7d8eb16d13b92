"""What we promised and by when: its states, words that promise nothing, and the sweep that watches the hour (A12)."""
