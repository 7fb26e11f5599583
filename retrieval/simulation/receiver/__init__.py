"""From the signal at the antenna to the file: a receiver.

`cn0_estimator` and `tracking` measure, `interruptions` leave out, and `observation_writer` writes
RINEX of what is left.
"""
