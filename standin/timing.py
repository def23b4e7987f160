"""The stand-in's times, in seconds: short ones, so that the whole suite takes a minute or two.

`target.yaml` lists for the suite those that scenarios wait for.
"""

# How long a minute of a token's lifetime lasts.
MINUTE = 10.0
# How long the place in the pool of a lost worker is kept.
GRACE_WINDOW = 10.0
# How long a connection may be silent, unless `serve --ws-idle-timeout` says otherwise.
IDLE_LIMIT = 6.0
# A worker's pauses between its attempts to connect: each twice the one before.
FIRST_PAUSE = 0.15
LONGEST_PAUSE = 1.0
# The number of failed attempts after which a worker that never enrolled gives up.
DIALS_BEFORE_ENROLLMENT = 3
# How long a step that is asked to stop may take before it is ended.
STOPPING = 0.5
# How long a step may wait for a worker, unless its workflow or `serve --queue-timeout` says otherwise.
QUEUE_LIMIT = 600.0
# What the probe calls a moment, and how long it holds at the most.
MOMENT = 0.4
HOLDING = 100.0
