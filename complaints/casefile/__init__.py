"""The whole case as one document (mission E1): what happened, what was decided, given and promised, and the proof that
its record is unbroken.

`collect` reads it in a constant number of queries, `facts` says which of it an edition may tell (the JSON edition is
just that), `wording` puts the facts in a language, `pdf` sets them, `making` does all of it for both doors.
"""
