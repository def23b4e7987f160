"""What steps may say beside their usual words, such as `with 2 slots`: each detail with what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from swamp_harness.product.binary import Release, platforms
from swamp_harness.product.conventions import UNLIMITED
from swamp_harness.product.worker_settings import A_SLOT_FOR_EACH_PROCESSOR
from swamp_harness.scenario.environment import RESTARTED, variables_of
from swamp_harness.scenario.kinds import Detail, Details, Kind
from swamp_harness.scenario.list_answers import Answer
from swamp_harness.scenario.orchestrator_details import (
    VERIFIES_BY_FLAG,
    VERIFIES_BY_VARIABLE,
    OrchestratorDetails,
)
from swamp_harness.scenario.probe import CHECKS
from swamp_harness.scenario.verified_workers import selected_by, verifications
from swamp_harness.scenario.worker_details import Presented, WorkerDetails
from swamp_harness.scenario.world import World

_LABELS = Detail(
    'with the labels "{labels:Labels}"',
    "steps that ask for these labels may run on it",
    lambda labels: {"labels": labels},
)
_SLOT = Detail("with 1 slot", "it runs one step at a time", lambda: {"slots": 1})
_SLOTS = Detail(
    "with {slots:Number} slots", "it runs up to this many steps at once", lambda slots: {"slots": slots}
)
_SLOT_FOR_EACH_PROCESSOR = Detail(
    "with a slot for each processor",
    "it runs as many steps at once as its machine has processors",
    lambda: {"slots": A_SLOT_FOR_EACH_PROCESSOR},
)
_TOKEN = Detail(
    'with the token "{token:Name}"',
    "it presents this token, not the one of its own name",
    lambda token: {"token": token},
)
_CACHE = Detail(
    "with a cache directory {place:CachePlace}",
    "its cache directory is in an unusual place",
    lambda place: {"cache": place},
)
_NO_CACHE = Detail(
    "without a cache directory", "it keeps no machine id and no extension", lambda: {"cached": False}
)

_NO_RECONNECT = Detail(
    "without reconnecting", "it exits when its connection closes", lambda: {"reconnects": False}
)
_OUTPUT = Detail(
    "with output in {output:Output}",
    "its output has this format, whatever that of other workers is",
    lambda output: {"output": output},
)
_ON_A_NETWORK = Detail(
    "on a network that can be cut", "later steps can break its network", lambda: {"on_a_network": True}
)

_SERVER_TOKEN = Detail(
    'with the server token of "{client:Name}"',
    "it authenticates by the server token of this client",
    lambda client: {"server_token_of": client},
)

_BY_VARIABLES = Detail(
    "configured by variables",
    "its settings are in environment variables, its labels with a comma and a space between them",
    lambda: {"by_environment": True},
)

_CONTRADICTED = Detail(
    "with other settings in variables",
    "variables name another orchestrator, token, cache directory and other numbers than its command line",
    lambda: {"contradicted": True},
)

_OF_ENROLLED_WORKERS = (
    _TOKEN,
    _SERVER_TOKEN,
    _LABELS,
    Detail(
        'with other values of "{names:Names}" in a variable',
        "an environment variable gives these labels other values",
        lambda names: {"labels_in_variable": tuple(names)},
    ),
    Detail(
        'the labels "{labels:Labels}" in a variable',
        "an environment variable gives it these labels too",
        lambda labels: {"more_labels_in_variable": labels},
    ),
    Detail("without labels", "only steps that ask for no label may run on it", lambda: {"labels": {}}),
    _SLOT,
    _SLOTS,
    Detail("with a limit of 1 step", "it stops by itself when one step has ended", lambda: {"step_limit": 1}),
    Detail(
        "with a limit of {steps:Number} steps",
        "it stops by itself when so many steps have ended",
        lambda steps: {"step_limit": steps},
    ),
    _CACHE,
    _NO_CACHE,
    _NO_RECONNECT,
    _OUTPUT,
    _ON_A_NETWORK,
    Detail(
        "on a network that is measured",
        "what goes over its network is measured",
        lambda: {"on_a_network": True},
    ),
    Detail(
        "on a slow network",
        "30 MB take more than a minute over its network",
        lambda: {"on_a_network": True, "slow": True},
    ),
    Detail(
        "that cannot send data",
        "it is given a wrong address for the data of its steps",
        lambda: {"sends_data": False},
    ),
    Detail("configured by arguments", "its settings are on its command line", dict),
    _CONTRADICTED,
    _BY_VARIABLES,
    Detail(
        'with the variables "{names:Names}"',
        "its environment has these variables, with values of its own",
        lambda names: {"variables": tuple(names)},
    ),
    Detail(
        "with a credential for the server",
        "its environment has a credential for the server's commands",
        lambda: {"server_credential": True},
    ),
    Detail(
        "with the binary of the earlier release",
        "it is the swamp binary of an earlier release with the same protocol version",
        lambda: {"release": Release.EARLIER},
    ),
)

_OF_CONNECTING_WORKERS = (
    _TOKEN,
    _SERVER_TOKEN,
    _CONTRADICTED,
    _BY_VARIABLES,
    _LABELS,
    _SLOTS,
    Detail(
        "with an idle time of {seconds:Number} seconds",
        "it stops by itself when it has had no step for so long",
        lambda seconds: {"idle_time": seconds},
    ),
    _ON_A_NETWORK,
    Detail(
        "on a network that refuses {attempts:Number} connections and heals",
        "its first attempts to connect fail, as long as its orchestrator cannot be reached yet",
        lambda attempts: {"refusals": attempts},
    ),
    _CACHE,
    Detail(
        "with an empty machine id",
        "the file for its machine id is there, and is empty",
        lambda: {"empty_machine_id": True},
    ),
    Detail(
        "with a machine id that is one",
        "the file for its machine id is a symbolic link to one in another folder",
        lambda: {"linked_machine_id": True},
    ),
    _OUTPUT,
    Detail(
        "with the credential that was shown first", "it presents the credential of its first minting", dict
    ),
    Detail(
        'with the secret of the token "{token:Name}" alone',
        "its credential lacks the name of the token, and so has the wrong format",
        lambda token: {"credential": Presented.WITHOUT_NAME, "token": token},
    ),
    Detail(
        "with a wrong secret",
        "one character of its secret is wrong",
        lambda: {"credential": Presented.NEARLY_RIGHT},
    ),
    Detail(
        "with half of its secret",
        "the second half of its secret is missing",
        lambda: {"credential": Presented.HALVED},
    ),
    Detail(
        "with a credential that was never minted",
        "there is no token for its credential",
        lambda: {"credential": Presented.NEVER_MINTED},
    ),
    Detail(
        'from the machine of "{other:Name}"',
        "it runs on the machine of another worker",
        lambda other: {"machine_of": other},
    ),
    Detail(
        "from the machine where it enrolled before",
        "its machine enrolled in the repository that the other release has used",
        lambda: {"returns_to_cache": True},
    ),
    Detail(
        'from a clone of the machine of "{other:Name}"',
        "it runs on a copy of the machine of another worker",
        lambda other: {"clone_of": other},
    ),
    Detail(
        'from a machine whose id begins like that of "{other:Name}"',
        "its machine id differs from that of another worker's machine in the last character only",
        lambda other: {"like_machine_of": other},
    ),
    Detail(
        "with an address for TLS",
        "it connects over TLS only, whatever the orchestrator uses",
        lambda: {"over_tls": True},
    ),
    Detail(
        "without a protocol version",
        "it does not report its protocol version",
        lambda: {"protocol_shift": None},
    ),
    Detail(
        "with {shift:VersionShift} protocol version",
        "it reports another protocol version than the orchestrator's",
        lambda shift: {"protocol_shift": shift},
    ),
    Detail(
        "with another platform",
        "it reports another operating system and another architecture than its own",
        lambda: {"states_another_machine": True},
    ),
    Detail(
        "with another release",
        "it reports another release of swamp, with the same protocol version",
        lambda: {"states_another_release": True},
    ),
    Detail(
        "over a recorded connection",
        "the code with which the orchestrator rejects it is recorded",
        lambda: {"recorded": True},
    ),
    Detail(
        "with the binary of the other release",
        "it is the swamp binary of another protocol version",
        lambda: {"release": Release.OTHER},
    ),
)

_THROUGH = Detail(
    "through the orchestrator",
    "the orchestrator does it; the command runs in a folder without a repository",
    lambda: {"through_orchestrator": True},
)

_IN_REPOSITORY = Detail("in the repository", "a command in the repository does it", dict)
_FIRST_RUN = Detail(
    "by the id of the first run", "the command names the first of the runs", lambda: {"of_first_run": True}
)

_LIFETIME = Detail(
    "with a lifetime of {lifetime:Lifetime}",
    "it asks for this lifetime, written as the command takes it",
    lambda lifetime: {"lifetime": lifetime},
)

_MACHINES = Detail(
    "for {machines:Number} machines",
    "so many machines may enroll with it",
    lambda machines: {"machines": machines},
)

_ANY_NUMBER_OF_MACHINES = Detail(
    "for any number of machines",
    "there is no limit to the machines that enroll with it",
    lambda: {"machines": UNLIMITED},
)

_OF_ORCHESTRATORS = (
    Detail(
        "of the earlier release",
        "it is of an earlier release with the same protocol version, and so is the operator's swamp",
        lambda: {"release": Release.EARLIER},
    ),
    Detail(
        "with a short timeout for silent connections",
        "its timeout for silent connections is short",
        lambda: {"notices_silence_soon": True},
    ),
    Detail(
        "without a queue limit",
        "steps may wait in the queue without a time limit",
        lambda: {"queue_limit": 0},
    ),
    Detail(
        "with a queue limit of {seconds:Number} seconds",
        "a step without a queue limit of its own waits so long for a worker",
        lambda seconds: {"queue_limit": seconds},
    ),
    Detail(
        "that can reload its extensions",
        "the operator can make it reload its extensions without a restart",
        lambda: {"reloads_extensions": True},
    ),
    Detail(
        "that verifies workers when they enroll",
        "it makes each worker that enrolls show that it can run steps",
        lambda: {"verifies": VERIFIES_BY_FLAG},
    ),
    Detail(
        "that verifies workers when they enroll, by a variable",
        "an environment variable makes it do that",
        lambda: {"verifies": VERIFIES_BY_VARIABLE},
    ),
    Detail("that ends long runs", "it has a short time limit for runs", lambda: {"ends_long_runs": True}),
    Detail("that allows 1 run at a time", "it refuses further runs", lambda: {"runs_at_a_time": 1}),
    Detail(
        "that allows {runs:Number} runs at a time",
        "it refuses further runs",
        lambda runs: {"runs_at_a_time": runs},
    ),
    Detail("that logs everything", "its log level is the most detailed", lambda: {"logs_everything": True}),
    Detail(
        "that authenticates its clients",
        "it works only for clients with a valid server token",
        lambda: {"authenticates": True},
    ),
    Detail(
        'for other machines that know it as "{names:Names}"',
        "its address is not that of the loopback, and it trusts these host names",
        lambda names: {"known_as": names},
    ),
    Detail(
        "with output in {output:Output}",
        "it reports in this format where it listens",
        lambda output: {"output": output},
    ),
    Detail(
        "with {certificate:Certificate}",
        "it uses TLS with this kind of certificate",
        lambda certificate: {"identity": certificate},
    ),
    Detail(
        'with the variables "{names:Names}"',
        "its environment has these variables, with values of its own",
        lambda names: {"variables": tuple(names)},
    ),
)

_OF_TOKENS = (
    _LIFETIME,
    Detail(
        "with a short lifetime", "its lifetime is the shortest that swamp allows", lambda: {"short": True}
    ),
    _MACHINES,
    _ANY_NUMBER_OF_MACHINES,
    Detail("that is revoked", "the operator has revoked it", lambda: {"revoked": True}),
)

_OF_MINTING = (
    _LIFETIME,
    _MACHINES,
    _ANY_NUMBER_OF_MACHINES,
    Detail(
        'with its secret in the vault "{vault:Name}"',
        "this vault keeps its secret",
        lambda vault: {"vault": vault},
    ),
    Detail("without naming a vault", "the command names no vault", lambda: {"names_vault": False}),
    Detail(
        "at the most detailed log level",
        "the command logs everything that it can log",
        lambda: {"logs_everything": True},
    ),
    _THROUGH,
)

_OF_SECRETS = (
    Detail("with several lines", "it has several lines", lambda: {"of_several_lines": True}),
    Detail("of three letters", "it is shorter than a PIN", lambda: {"is_short": True}),
    Detail(
        'which begins with the secret "{other:Name}"',
        "it starts with the text of another secret",
        lambda other: {"begins_with": other},
    ),
)

_OF_WORKFLOWS = (
    Detail(
        "that stays on one worker",
        "all its jobs run on the worker of its first step",
        lambda: {"stays": True},
    ),
    Detail(
        "whose models exist",
        "the operator has created the models of its steps before",
        lambda: {"of_existing_models": True},
    ),
    Detail(
        "whose models require their checks",
        "the operator has created the models of its steps, and each requires the checks of its methods",
        lambda: {"of_existing_models": True, "required_checks": CHECKS},
    ),
    Detail(
        'whose models have the tags "{tags:Labels}"',
        "the operator has created the models of its steps, and each has these tags",
        lambda tags: {"model_tags": tags},
    ),
    Detail(
        'for workers with the labels "{labels:Labels}"',
        "jobs and steps without a place of their own run on such workers",
        lambda labels: {"labels": labels},
    ),
    Detail(
        "for workers on another system",
        "jobs and steps without a platform of their own run on such workers",
        lambda: {"platform": platforms()["another system of any architecture"]},
    ),
    Detail(
        "with a queue limit of {seconds:Number} seconds",
        "its steps wait so long for a worker, if neither they nor their jobs have a limit",
        lambda seconds: {"queue_limit": seconds},
    ),
    Detail(
        'with the tags "{tags:Labels}"',
        "the workflow itself has these tags: conditions of grants may ask for them, and its data get them",
        lambda tags: {"tags": tags},
    ),
)

_OF_DECISIONS = (
    _IN_REPOSITORY,
    _THROUGH,
    Detail('with the note "{note:Name}"', "the command gives this reason", lambda note: {"note": note}),
    Detail(
        'as "{person:Name}"', "it is a person of this name who decides", lambda person: {"person": person}
    ),
    _FIRST_RUN,
    _SERVER_TOKEN,
)

_OF_STARTING = (
    Detail("at a terminal", "its output is followed at a terminal", lambda: {"at_a_terminal": True}),
    Detail(
        'with the tags "{tags:Labels}"',
        "all data that the run writes get these tags",
        lambda tags: {"tags": tags},
    ),
    Detail("with its input on the command line", "each input is an argument of the command", dict),
    Detail(
        "with its input in a file",
        "the command reads its inputs from a file",
        lambda: {"input_in_a_file": True},
    ),
    Detail(
        "without slow checks",
        "the command skips the checks with the label of slow ones",
        lambda: {"skips_slow_checks": True},
    ),
    Detail(
        "without the reports of its steps",
        "the command asks for no report about a step",
        lambda: {"skips_reports_of_steps": True},
    ),
    Detail(
        "with another input, as it was evaluated last",
        "its evaluated expressions count, and the input has no effect",
        lambda: {"last_evaluated": True},
    ),
    Detail(
        "after the grace windows of all absences",
        "first the grace window of every lost worker passes",
        lambda: {"after_absences": True},
    ),
)

_OF_SELECTIONS = (
    Detail('the worker "{worker:Name}"', "this one", lambda worker: {"selection": (worker,)}),
    Detail(
        'the workers with the label "{label:Labels}"',
        "those that have this label",
        lambda label: {"selection": selected_by(label)},
    ),
    Detail(
        'the workers with the labels "{labels:Labels}"',
        "those that have all of these labels",
        lambda labels: {"selection": selected_by(labels)},
    ),
)

_OF_RESTARTS = (
    Detail("without its variables", "it has none of the variables that it had", lambda: {"variables": {}}),
    Detail(
        'with new values of "{names:Names}" alone',
        "it has these variables only, with new values",
        lambda names: {"variables": variables_of(RESTARTED, names)},
    ),
)


def _verifying(selection: Sequence[str]) -> Callable[[World], list[Answer]]:
    return lambda world: verifications(world, *selection)


def detail_kinds(words: Mapping[str, Kind]) -> dict[str, Kind]:
    """The kinds of details, by name.

    Args:
        words: the kinds of the words in them, by name.
    """

    def kind(description: str, makes: Any, *details: Detail) -> Details:
        return Details(description, makes, details, words)

    return {
        "WorkerDetails": kind("how an enrolled worker is set up", WorkerDetails, *_OF_ENROLLED_WORKERS),
        "ConnectingDetails": kind(
            "how a worker starts for the first time", WorkerDetails, *_OF_CONNECTING_WORKERS
        ),
        "OrchestratorDetails": kind("how an orchestrator is set up", OrchestratorDetails, *_OF_ORCHESTRATORS),
        "TokenDetails": kind("what a token is like", dict, *_OF_TOKENS),
        "MintingDetails": kind("how a token is minted", dict, *_OF_MINTING),
        "RevokingDetails": kind("how a token is revoked", dict, _THROUGH),
        "CancellingDetails": kind(
            "how a run is cancelled",
            dict,
            Detail(
                "by the name of its workflow",
                "the command names the workflow, in the repository",
                lambda: {"by_name": True},
            ),
            Detail(
                "with the orchestrator's address in a variable",
                "an environment variable gives the address of the orchestrator",
                lambda: {"by_variable": True},
            ),
            _FIRST_RUN,
        ),
        "ResumingDetails": kind(
            "how a run is resumed",
            dict,
            _IN_REPOSITORY,
            _THROUGH,
            _FIRST_RUN,
            Detail(
                'with the input "{word:Name}"',
                "from now on the input of the run has this value",
                lambda word: {"word": word},
            ),
            Detail(
                'with the input "{word:Name}" in a file',
                "the command reads this value from a file",
                lambda word: {"word": word, "in_a_file": True},
            ),
            Detail(
                'with the input "{word:Name}" on standard input',
                "the command reads this value from its standard input",
                lambda word: {"word": word, "on_standard_input": True},
            ),
        ),
        "DecisionDetails": kind("how a step is approved or rejected", dict, *_OF_DECISIONS),
        "SecretDetails": kind("what a secret is like", dict, *_OF_SECRETS),
        "WorkflowDetails": kind("what holds for all of a workflow", dict, *_OF_WORKFLOWS),
        "StartingDetails": kind("how a workflow starts", dict, *_OF_STARTING),
        "RepositoryDetails": kind(
            "what is different about a repository",
            dict,
            Detail("without a vault", "it has no vault", lambda: {"with_vault": False}),
            Detail(
                "whose vault records who reads it",
                "each read of a secret is recorded in the vault's audit trail",
                lambda: {"audits_reads": True},
            ),
            Detail(
                'with another vault "{vault:Name}"',
                "it has a second vault",
                lambda vault: {"another_vault": vault},
            ),
        ),
        "MachineDetails": kind(
            "what is different about the other machine",
            dict,
            _ON_A_NETWORK,
        ),
        "RestartDetails": kind("with which variables it is restarted", dict, *_OF_RESTARTS),
        "Selection": kind("which workers", _verifying, *_OF_SELECTIONS),
        "ChangedDetails": kind(
            "what is different from the start before",
            dict,
            _LABELS,
            _SLOT,
            _SLOTS,
            _SLOT_FOR_EACH_PROCESSOR,
            _NO_CACHE,
            Detail(
                "with the right address for its data",
                "the orchestrator takes the data of its steps there",
                lambda: {"data_address": ""},
            ),
        ),
    }
