"""What others wrote for Kubernetes: Helm charts and folders of files, as objects of the stack."""
