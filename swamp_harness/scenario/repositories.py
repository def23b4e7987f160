"""The operator's repository, with which a scenario begins."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from swamp_harness.product.commands import CommandResult, SwampCommands
from swamp_harness.product.conventions import OPERATOR_ZONE, REPOSITORY_FLAG, REPOSITORY_VARIABLE, VAULT
from swamp_harness.product.machine import Machine
from swamp_harness.product.repository import CATALOGS, Repository, initialise
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.followed_runs import Runs
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.probe import HANDED_KEY, PROBE
from swamp_harness.scenario.records import Records
from swamp_harness.scenario.used_repository import USED_WORKFLOW
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.redaction import SECRETS


def begin(
    world: World,
    *,
    with_vault: bool = True,
    another_vault: str = "",
    audits_reads: bool = False,
    with_probe: bool = False,
) -> None:
    """Give the operator a repository of this scenario's own.

    Args:
        world: the scenario's.
        with_vault: whether it has a vault.
        another_vault: the name of a second vault; none if empty.
        audits_reads: whether its vault records who reads a secret.
        with_probe: whether it has the extensions of the suite.
    """
    run_context = world.run_context
    machine, commands, folder = _at_work(world)
    if with_probe:
        world.repository = run_context.preparation.with_probe().copy_to(folder)
        run_context.preparation.share_packages_with(machine, world.fallbacks)
    elif with_vault:
        world.repository = run_context.preparation.repository().copy_to(folder)
    else:
        folder.mkdir()
        world.repository = initialise(commands, with_vault=False)
    if audits_reads:
        world.repository.audit_reads()
    _begin_with(world, Operator(commands, VAULT if another_vault else ""), machine)
    if another_vault:
        create_vault(world, another_vault)


def create_vault(world: World, name: str) -> None:
    """Let the operator create another vault in the repository.

    Raises:
        InfrastructureError: the command failed.
    """
    made = world.operator.commands.run("vault", "create", "local_encryption", name)
    demand("vault could not be created", made)


def name_from_another_folder(world: World, *, by_flag: bool) -> None:
    """Let the operator work in another folder, and name the repository in each command or in a variable."""
    commands, repository = world.operator.commands, str(world.repository.folder)
    if by_flag:
        commands.flags = (REPOSITORY_FLAG, repository)
    else:
        commands.environment[REPOSITORY_VARIABLE] = repository
    commands.folder = world.repository.folder.with_name("elsewhere")
    Path(commands.folder).mkdir()


def begin_with_workflow(world: World, workflow: Workflow) -> None:
    """Give the operator a repository with a workflow of the probe's steps, and its models if they exist."""
    if world.orchestrators:
        # An orchestrator only knows the extensions that existed when it started.
        raise InfrastructureError(
            "The workflow comes after the orchestrator: put the step of the workflow before that of the "
            "orchestrator."
        )
    if World.server_tokens.of(world) is None:
        begin(world, with_probe=True)
    if workflow.of_existing_models:
        models = {step.instance: step.task.model_type for step in workflow.steps if step.task.model_type}
        for name, model_type in models.items():
            made = world.operator.create_model(model_type, name)
            demand("model could not be created", made)
            _complete_definition(world.repository, made, workflow)
    world.workflow = workflow
    world.evidence.write("The workflow", "workflow.yaml", workflow.write_to(world.repository))


def _complete_definition(repository: Repository, made: CommandResult, workflow: Workflow) -> None:
    """Give the definition of a model that was just created the checks and tags of a workflow's models."""
    checks = {"checks": {"require": list(workflow.required_checks)}} if workflow.required_checks else {}
    added = {**checks, **({"tags": dict(workflow.model_tags)} if workflow.model_tags else {})}
    if added:
        file = repository.folder / json.loads(made.stdout)["path"]
        definition = yaml.safe_load(file.read_text("utf-8"))
        file.write_text(yaml.safe_dump({**definition, **added}, sort_keys=False), "utf-8")


def begin_with_model(world: World, name: str) -> None:
    """Give the operator a model that is an instance of the probe, beside a workflow if there is one."""
    if World.workflow.of(world) is None:
        begin(world, with_probe=True)
    demand("model could not be created", world.operator.create_model(PROBE, name))
    world.model = name


def begin_with_used(world: World) -> None:
    """Give the operator a copy of the repository that the other release has used.

    Raises:
        InfrastructureError: there is no other release, or it could not use a repository.
    """
    used = world.used = world.run_context.used_repository()
    machine, commands, folder = _at_work(world)
    world.repository = Repository(used.folder).copy_to(folder, left_out=CATALOGS)
    _begin_with(world, Operator(commands), machine)
    world.operator.take_over(used.credentials, {HANDED_KEY: used.secret})
    world.workflow = USED_WORKFLOW


def begin_with_server_tokens(world: World) -> None:
    """Give the operator a copy of the repository with server tokens, and with the extensions of the suite.

    Raises:
        InfrastructureError: the product could not make that repository.
    """
    prepared = world.run_context.repository_with_server_tokens()
    machine, commands, folder = _at_work(world)
    world.repository = Repository(prepared.folder).copy_to(folder)
    world.run_context.preparation.share_packages_with(machine, world.fallbacks)
    _begin_with(world, Operator(commands), machine)
    world.server_tokens = prepared.credentials
    for credential in prepared.credentials.values():
        SECRETS.add(credential.secret)


def _at_work(world: World) -> tuple[Machine, SwampCommands, Path]:
    """The operator's machine, the commands there, and the folder of the repository, which is not made."""
    machine = Machine.at(world.folder / "operator")
    folder = machine.here / "repository"
    environment = machine.environment(**world.variables, **OPERATOR_ZONE)
    commands = SwampCommands(world.run_context.binary.runs_as, environment, folder, elsewhere=machine.work)
    return machine, commands, folder


def _begin_with(world: World, operator: Operator, machine: Machine) -> None:
    """Let an operator work in the scenario's repository, and read its records and follow runs there."""
    commands = operator.commands
    world.operator = operator
    world.records = Records(commands, world.fallbacks, world.followed_runs)
    world.runs = Runs(commands.binary, commands.environment, machine.work, world.evidence)


def demand(failure: str, result: CommandResult) -> None:
    """Stop a scenario whose set-up fails; a refusal there breaks none of the scenario's promises.

    Raises:
        InfrastructureError: the command failed.
    """
    if not result.succeeded:
        raise InfrastructureError(f"The scenario's {failure}: {result.ending}.\n{result}")
