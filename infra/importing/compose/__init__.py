"""Compose files and Swarm stack files.

They are read as the Compose specification says at commit 170098ba of github.com/compose-spec/compose-spec (2026-06-23),
and, where it leaves something open, as compose-go 2.13.0 does, which Docker Compose is made with.
"""
