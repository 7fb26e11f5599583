"""Figures and reports: the top floor, which may look at everything below and is used by none."""
