"""What the OpenAPI document says in words beyond docstrings and help_texts: of fields, parameters and codes of errors,
and what its examples are filled with. In English, as the document is; nothing of it is asked while a request is served.
"""
