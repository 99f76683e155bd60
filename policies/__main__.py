"""Start the pack for the engine: `pulumi preview --policy-pack policies --policy-pack-config policies/prod.json`."""

from pathlib import Path

from policies.program import run

run(Path(__file__).with_name("exceptions.yaml"))
