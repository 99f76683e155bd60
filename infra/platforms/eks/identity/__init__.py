"""IAM: documents, roles, and permissions for pods."""
