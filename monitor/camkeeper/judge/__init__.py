"""What results amount to. Pure folds: no clock, no socket."""
