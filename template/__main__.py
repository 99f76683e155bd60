"""The program that Pulumi runs. What Nightowl has no key for goes into extend.py beside it."""

from infra.program import run

run()
