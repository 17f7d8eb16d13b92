"""The page of one case: its story, composer, files, actions, owner, and what belongs together with it."""
