"""Where bytes are: one seam, `Storage`, over a folder or a bucket. What they mean is not known here."""
