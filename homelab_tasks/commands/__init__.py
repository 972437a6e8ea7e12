"""Commands as data, one file a tool; nothing here runs them."""
