"""How goroutine dumps are read: one normaliser, one parser, one grouping; a fast path for dumps as Go prints them."""
