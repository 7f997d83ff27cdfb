"""Geography in and out: obstacles, scenes, GeoJSON and KML. What is odd in a file is told; only a file that cannot be
read at all raises `camkeeper.geo.fault.UnreadableError`. Outside shapes are WGS-84 (longitude, latitude) degrees.
"""
