"""What people see: text, tables, JSON, live progress and pictures of the graph. The only room that prints."""
