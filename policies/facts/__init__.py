"""What rules are asked about, and what several families read of it."""
