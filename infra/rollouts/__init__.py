"""Why the pods of a new version do not become ready: found beside the engine, while it waits for them."""
