"""Handing bytes out: signed links, byte ranges over a Body, and the record of who fetched what."""
