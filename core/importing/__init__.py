"""Files of other systems: read in a stream, understood by a preset, recorded in chunks (mission A3; ux.md, Import).

The ground of all imports. Each floor adds its presets and the action that records a batch.
"""
