"""Where applications run: what they need of it, and one package for each kind of platform."""
