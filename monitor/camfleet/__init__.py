"""A township of virtual ONVIF devices on loopback, with faults on demand. The monitor does not know it."""
