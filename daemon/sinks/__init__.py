"""Destinations of estimates and arcs, one file each, behind one small interface."""
