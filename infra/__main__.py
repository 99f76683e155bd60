"""The program that Pulumi runs."""

from infra.program import run

run()
