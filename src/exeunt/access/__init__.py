"""Who may: accounts, roles, tokens, scopes, rate limits, the audit trail and the signing keys."""
