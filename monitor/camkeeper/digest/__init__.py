"""What a day or a week came to, in one short letter: when it is due, what it says, and whether it says anything."""
