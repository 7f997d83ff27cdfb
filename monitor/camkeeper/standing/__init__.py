"""How the township stands now: the one value that the board, the API and `camkeeper status` show."""
