"""The program that Pulumi runs. What Nightowl has no key for is written beside it."""

from infra.program import run

run()
