"""What the roles of the pipeline may do: a row per resource type, and the documents that are made of the rows."""
