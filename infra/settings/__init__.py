"""The typed stack configuration: what a stack file may say, checked before anything is made."""
