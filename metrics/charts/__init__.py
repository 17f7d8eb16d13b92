"""The geometry of charts: numbers in, strings for SVG attributes out. Pure: no Django, no words, no colours.

Lengths and paths are strings already, so that no language's decimal comma gets into an attribute. Words and addresses
come from the caller and pass through; colour and theme are classes in static/css/components (house, Charts).
"""
