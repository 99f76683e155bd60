"""What runs: one small module per concern of an application, on any Kubernetes platform."""
