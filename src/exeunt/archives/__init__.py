"""Archives that are computed, never copied: a Body is an ordered list of extents, a ZIP is a Body."""
