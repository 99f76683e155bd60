"""Plain manifests of Kubernetes, or what `helm template` prints, read into a stack file."""
