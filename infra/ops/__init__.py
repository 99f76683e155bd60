"""Commands for the life of a stack before and after `pulumi up`."""
