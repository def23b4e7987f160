"""The operator's second machine, without a repository: commands run there, and files left there."""

from __future__ import annotations

from collections.abc import Sequence

from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.conventions import SETTINGS
from swamp_harness.product.machine import Machine
from swamp_harness.product.trust import OperatorTrust
from swamp_harness.system.files import walk


class RemoteClient:
    """A machine with swamp, the address of an orchestrator, and nothing else.

    Args:
        machine: a new one, so that every file in its folders was written by the product.
        commands: how the operator runs swamp there.
        server: the address of the orchestrator.
        trust: how its commands trust the certificate of the orchestrator.
    """

    def __init__(self, machine: Machine, commands: SwampCommands, server: str, trust: OperatorTrust) -> None:
        self.machine = machine
        self.commands = commands
        self.server = server
        self._trust = trust

    def run(
        self, arguments: Sequence[str], output: Output, *, server: str = "", stdin: str | None = None
    ) -> CommandResult:
        """Run a command to its end, through the orchestrator unless another server is given."""
        address, trusted = server or self.server, self._trust.flags(output)
        # Both orders of the options must work, and both forms of the address.
        options = (
            (*trusted, "--server", address.replace("ws", "http", 1))
            if output is Output.JSON
            else ("--server", address, *trusted)
        )
        return self.commands.run(*arguments, *options, output=output, stdin=stdin)

    def left_behind(self) -> list[str]:
        """The files and folders there, without the machine's own and without a user's settings of swamp."""
        home = self.machine.home
        settings = home / SETTINGS
        own = {home, self.machine.temp, self.machine.work, settings, *settings.parents}
        return sorted(
            str(path.relative_to(self.machine.root))
            for path in walk(self.machine.here)
            if path not in own and settings not in path.parents
        )
