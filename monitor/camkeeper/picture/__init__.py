"""Is what a camera shows a usable picture of the right scene?

Pure over arrays and bytes, except for `worker`, which keeps the process that decodes. Nothing is imported here: whoever
only wants `worker` must not load OpenCV (55 MB) into the monitor.
"""
