"""Amazon EFS: a file system for each volume that pods on several nodes write."""
