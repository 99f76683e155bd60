"""How a stack is deployed from GitHub: roles, what they may do, image repositories, and a runner inside the VPC."""
