"""What Pulumi needs in an account before it can run: a bucket for the state, a key for secrets, GitHub as an identity.

Each resource is a step (`step.Step`): it finds what exists, tells each setting that differs, and writes these alone. So
a run can be listed beforehand, interrupted anywhere, and repeated.
"""
