"""Mail: a message goes in and is sent, or tried again; what became of each is kept."""
