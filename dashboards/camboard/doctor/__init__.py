"""`/doctor`: what is odd in the register, by which evidence; one click puts a proposal into it."""
