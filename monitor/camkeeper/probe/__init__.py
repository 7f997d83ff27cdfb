"""One question to one device. The only room that talks to devices."""
