"""The pages of complainants: no sign-in, no JavaScript, no answers in a session (ux, Public pages)."""
