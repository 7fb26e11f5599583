"""Forward model: a soil moisture series becomes the signals that a station would have recorded.

Here are the fields at the antenna: coherent reflection by layered soil, roughness, a canopy or snow
on top, the antenna's response to both circular polarisations, and their sum with the direct signal.
Everything is an array function of elevation and broadcasts over days, satellites and signals.
Fields follow the convention exp(-i w t): a path longer by L multiplies one by exp(+i k L), and the
permittivity of a lossy medium has a positive imaginary part.
"""
