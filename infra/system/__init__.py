"""What this program needs of the operating system."""
