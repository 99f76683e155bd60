"""The programs of the local platform, found or made without anything but Python and its package index.

`resolve` gives every tool's path: from PATH when the version fits, from the cache, by a download where a checksum of it
is in `checksums.txt`, and otherwise by a build from the pinned Go modules in the folders of this package with the Go
toolchain that the Python package index carries.
"""
