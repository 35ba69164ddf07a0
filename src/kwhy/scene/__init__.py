"""What all rules look at: the facts of all documents, joined by identity, merged and indexed."""
