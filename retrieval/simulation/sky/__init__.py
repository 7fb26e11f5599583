"""The satellites of a season: orbits that repeat as the real ones do, and what happens to them.

`propagation` carries any broadcast navigation, or the packaged `nominal_sky`, to any day;
`events` takes satellites out and replaces them; `navigation_writer` writes the day's file; `passes`
finds rises and sets.
"""
