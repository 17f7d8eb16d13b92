"""How each language writes dates, times, numbers and time spans (glossary, Voice)."""
