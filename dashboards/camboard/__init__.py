"""The pages and the API for people and machines."""
