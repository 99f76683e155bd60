"""`nightowl import`: a stack file from what describes the same applications elsewhere.

Each format has a package: it reads files, and drafts a stack file while it notes what becomes of each key. What all of
them share lies here: the columns of the report, the draft and its text, and the check that the loader accepts it.
"""
