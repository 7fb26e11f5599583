"""The ground hour by hour: moisture, rain, temperature, frost, snow and plants.

`hourly` joins what is given (`retrieval.given_series`) with what is made (`weather`, `soil_water`)
into a `GroundSeries` (`series`).
"""
