"""The sections of a stack whose platform is Amazon EKS."""
