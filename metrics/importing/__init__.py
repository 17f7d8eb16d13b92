"""Files of survey answers: what each known kind means (mission B1; core.importing)."""
