"""Tables from records, beside what others have published."""
