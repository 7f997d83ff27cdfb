"""Steps from each schema of the album to the next."""
