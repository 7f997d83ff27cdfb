"""What is odd in a register: told with evidence, and mended on somebody's word. See docs/design/0037-doctor.md."""
