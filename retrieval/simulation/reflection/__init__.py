"""From soil, plants and antenna to the reflected field.

Reflection `coefficients` of layered soil, `profiles` of its moisture, `vegetation` and snow,
`antenna` patterns, the `composite` of direct and reflected field, and the `response` to moisture in
the physical and the empirical mode.
"""
