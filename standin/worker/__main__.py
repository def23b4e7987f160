"""The process of one step, as whoever starts it calls it."""

from standin.worker.runner import main

main()
