"""What people would use instead, doing the same work the way that its own documentation says."""
