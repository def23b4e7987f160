"""The entry point for the process of one step."""

from standin.worker.runner import main

main()
