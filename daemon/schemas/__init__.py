"""JSON schemas of the messages that leave the program, as package data."""
