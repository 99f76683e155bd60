"""A stand-in for Pulumi's Kubernetes provider, for networks that forbid the download of provider plugins.

It speaks the provider protocol of the Pulumi engine and applies objects to a real API server by server-side apply.
Its state has the shape of the real provider's (version 4), so a stack can move between the two without a change.
What it does not do (Helm charts, YAML components, `*List` and `*Patch` resources) it refuses with one clear sentence.
"""
