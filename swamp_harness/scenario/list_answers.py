"""Listing commands in text and in JSON, in the repository and through the orchestrator.

Each list of the product (tokens, workers, queue, verified workers) has a module with the two sides that a
step compares. The expected rows are those of the feature, with what the scenario knows besides: moments,
machines, instances. In the rows of the answer a correct value becomes a phrase, such as "when it enrolled";
any other value stays as the product wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from swamp_harness.product.commands import CommandResult, Output, is_json, naming
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import PromiseBroken


@dataclass(frozen=True)
class Answer:
    """The answer to a listing command in one output format, at one place.

    Attributes:
        how: the format and the place in words, such as "in JSON, through the orchestrator".
        result: of the command.
    """

    how: str
    result: CommandResult

    @property
    def in_json(self) -> bool:
        """Whether the requested format is JSON."""
        return self.result.output is Output.JSON


def answers(world: World, *arguments: str, in_repository: bool = True) -> Iterator[Answer]:
    """Run a listing command in text and in JSON, in the repository and through the orchestrator.

    Args:
        world: the scenario's.
        arguments: of the command.
        in_repository: whether the command works in the repository too, without a server.

    Raises:
        PromiseBroken: the command fails, or does not print the requested format alone.
    """
    through = ("through the orchestrator", world.orchestrator.api.url)
    for place, server in [*([("in the repository", "")] if in_repository else []), through]:
        for output in (Output.TEXT, Output.JSON):
            # By a flag in text and by a variable in JSON, as both must work.
            flag, variables = naming(server, by_variable=output is Output.JSON) if server else ((), {})
            result = world.operator.commands.run(*arguments, *flag, output=output, variables=variables)
            beside = result.stderr.strip() if output is Output.JSON else is_json(result.stdout)
            if not result.succeeded or beside:
                raise PromiseBroken(f"The command fails, or prints more than {output.value}:\n{result}")
            yield Answer(f"in {output.value}, {place}", result)
