"""`nightowl ci`: what the workflows of GitHub Actions run, one command per step."""
