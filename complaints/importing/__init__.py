"""Files of other systems: read in a stream, understood by a preset, recorded in chunks (mission A3, G)."""
