"""Measuring what a deploy costs, beside what people would use instead."""
