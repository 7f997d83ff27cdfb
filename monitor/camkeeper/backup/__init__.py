"""Everything that a monitor would miss, in one file, and back again. What is secret stays where it is."""
