"""`python -m camkeeper` is the console script."""

from camkeeper.cli import main

main()
