"""The content of workspaces: immutable Parquet segments under a catalog in SQL, read by snapshot."""
