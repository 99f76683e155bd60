"""The Pulumi engine, driven by the Automation API with the program in this process."""
