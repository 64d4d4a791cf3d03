"""The wire words of each API; nothing here queries, renders or signs."""
