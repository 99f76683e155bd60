"""What people read while a command works."""
