"""Readers, one for each kind of input: bytes in, rows and blobs out."""
