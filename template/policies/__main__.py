"""Nightowl's policy pack, with the exceptions of this project."""

from pathlib import Path

from policies.program import run

run(Path(__file__).with_name("exceptions.yaml"))
