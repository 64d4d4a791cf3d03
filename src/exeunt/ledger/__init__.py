"""Operational state in SQL: what exists, who may, what was asked, what happened."""
