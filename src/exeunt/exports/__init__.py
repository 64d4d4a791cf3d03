"""Exports: what was asked, how far it is, what came out; durable, cancellable, recovered after any death."""
