"""From soil, plants and antenna to the reflected field.

Reflection `coefficients` of layered soil, `profiles` of its moisture, `vegetation` and snow,
`antenna` patterns, and the `composite` of direct and reflected field.
"""
