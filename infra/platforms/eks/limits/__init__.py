"""What AWS refuses for its length, form or number, found before anything is made."""
