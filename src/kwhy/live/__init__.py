"""Reading a live cluster through its API: lists and logs, never a write. What is read is what `kwhy collect` saves."""
