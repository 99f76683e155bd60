"""`nightowl github`: the settings of a GitHub repository that the delivery workflows rely on, made and checked.

A module for each setting reads it, says what differs and changes it; `run` does it in order, and `report` prints it.
What reads or changes something on GitHub raises GithubError (`client`) where GitHub refuses.
"""
