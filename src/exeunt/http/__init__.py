"""The shell around all APIs: which one answers, limits every request has, request ids and the log."""
