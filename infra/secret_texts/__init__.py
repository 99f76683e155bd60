"""What looks like a secret: the one list of forms and names, for the settings and for the policy pack."""
