"""The stand-in's times, in seconds. They are short, to run the whole suite in a minute or two.

`target.yaml` lists for the suite those that scenarios wait for.
"""

# The length of a minute of a token's lifetime.
MINUTE = 10.0
# The length of a second for which a worker may be idle.
SECOND = 0.3
# How long a lost worker can come back to the pool.
GRACE_WINDOW = 10.0
# How long a connection may be silent, unless `serve --ws-idle-timeout` is given.
IDLE_LIMIT = 6.0
# A worker's pauses between its attempts to connect: each is twice the one before.
FIRST_PAUSE = 0.15
LONGEST_PAUSE = 1.0
# The number of failed attempts after which a worker that never enrolled gives up.
DIALS_BEFORE_ENROLLMENT = 3
# How long a step may take to stop before it is ended.
STOPPING = 0.5
# How long an orchestrator that is asked to stop lets its runs go on.
DRAINING = 5.0
# How long a step may wait for a worker, unless its workflow or `serve --queue-timeout` sets it.
QUEUE_LIMIT = 600.0
# The length of the probe's short work and of its cleaning up, and the longest time that it waits.
MOMENT = 1.0
CLEANING_UP = 0.15
HOLDING = 100.0
