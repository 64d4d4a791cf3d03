"""The shapes an archive can have, one module each: expressions over a selection, never loops over messages."""
