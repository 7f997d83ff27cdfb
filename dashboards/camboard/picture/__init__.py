"""What pictures prove, and who looked at one."""
