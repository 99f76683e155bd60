"""`nightowl github`: the settings of a GitHub repository that the delivery workflows rely on, made and checked."""
