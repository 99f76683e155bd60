"""What an image in a registry is, and what its app needs in a stack file."""
