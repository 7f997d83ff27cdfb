"""ONVIF, read-only.

What may be asked (`operations`), the bytes (`message`, `wsse`), and what is understood (`reply`, `readers`).
"""
