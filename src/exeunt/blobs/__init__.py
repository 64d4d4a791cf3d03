"""File bodies and made bytes: immutable, content-addressed, read at any offset."""
