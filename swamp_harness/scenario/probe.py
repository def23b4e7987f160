"""The probe: what the steps of the scenarios do; `fixtures/extensions/models/` is the other half."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from swamp_harness.product.conventions import VAULT
from swamp_harness.product.workflow import Task
from swamp_harness.scenario.artifact_bytes import SIZED_ARTIFACTS
from swamp_harness.scenario.probe_log import END, NOTES_VARIABLE, PROBE_LOG, START
from swamp_harness.scenario.questions import QUESTIONS
from swamp_harness.scenario.values import EMPTY_INPUTS, LINES, LONG, MESSAGE, VALUES

PROBE = "@uat/probe"
# The checks before its methods, and the label that they have.
SLOW_CHECK, SLOW = "uat-slow", "slow"
CHECKS = (SLOW_CHECK,)
SECRETS_MODEL = "@uat/secrets"
ENVIRONMENT_MODEL = "@uat/environment"
CAPABILITIES_MODEL = "@uat/capabilities"
VALUES_MODEL = "@uat/values"
SHIPPED_MODEL = "@uat/shipped"
ARTIFACTS_MODEL = "@uat/artifacts"
# The step whose values other steps receive.
GIVER = "giver"
# The model whose steps write one record after another, under one name.
LEDGER, ENTRY = "ledger", "entry"
NEWEST = f'${{{{ data.latest("{LEDGER}", "{ENTRY}").attributes.text }}}}'
SHELL = "command/shell"
# The files of the published extension, by the names that steps use.
SHIPPED_FILES = ("greeting.txt", "tables/every byte.bin", "empty.txt", ".deep/down/50% + more & so on.txt")
# The datum that the steps of the artifacts' model write, and the number of bytes in a megabyte.
ARTIFACT = "artifact"
MEGABYTE = 1_000_000
# Keys of the vault: the one that steps receive, and one of the orchestrator's own.
HANDED_KEY = "api-key"
INFRASTRUCTURE_KEY = "worker-token-alpha"
WORKER_VARIABLE = "UAT_WORKER"
# The input of a run that a step writes, with characters that a command line may cut or change.
INPUT, INPUT_VALUE = "word", 'left=right=, "quoted"\nand été, on a second line '

_LONGER_THAN_ANY_SCENARIO = 600
# More than an orchestrator might keep for a follower who is away.
_MANY_LINES = 200
RESULT = "result"


def _probe(method: str) -> Callable[[str], Task]:
    return lambda step: Task(PROBE, method, {"step": step})


def _shell(body: str, **limits: int) -> Callable[[str], Task]:
    def script(step: str) -> Task:
        note = (
            'note() { printf \'{"event":"%s","step":"%s","worker":"%s","pid":%s,"at":"%s"}\\n\' '
            f'"$1" "$step" "${WORKER_VARIABLE}" $$ "$(date -u +%Y-%m-%dT%H:%M:%SZ)" '
            f'>> "${NOTES_VARIABLE}/{PROBE_LOG}"; }}'
        )
        first = f'mkdir "${NOTES_VARIABLE}/begun-$step" 2>/dev/null && first=yes'
        lines = (
            f"step={step}",
            note,
            first,
            f"note {START}",
            body,
            f"note {END}",
            f'echo "worker=${WORKER_VARIABLE}"',
        )
        return Task(SHELL, "execute", {"run": "\n".join(lines), **limits})

    return script


def _use(action: str) -> Callable[[str], Task]:
    return lambda step: Task(CAPABILITIES_MODEL, "use", {"step": step, "action": action})


def _ask_for(key: str) -> Callable[[str], Task]:
    inputs = {"secret": _HANDED, "vault": VAULT, "key": key}
    return lambda step: Task(SECRETS_MODEL, "pry", {"step": step, **inputs})


def _hand_back(step: str) -> Task:
    return Task(
        VALUES_MODEL, "echo", {"step": step, "bag": VALUES, "lines": LINES, "long": LONG, **EMPTY_INPUTS}
    )


def _take(step: str) -> Task:
    latest = f'data.latest("{GIVER}", "bag").attributes'
    given = {"given": f"${{{{ {latest} }}}}", "within": f"<${{{{ {latest}.lines }}}}>"}
    return Task(VALUES_MODEL, "given", {"step": step, **given})


def _say(place: str) -> Callable[[str], Task]:
    return lambda step: Task(SECRETS_MODEL, "say", {"step": step, "secret": _HANDED, "place": place})


def _read_artifact(maker: str) -> Callable[[str], Task]:
    return lambda step: Task(ARTIFACTS_MODEL, "read", {"step": step, "of": maker})


def _make(size: int, way: str, *, holds: bool = False, others: int = 0) -> Callable[[str], Task]:
    inputs = {"size": size * MEGABYTE, "way": way, "holds": holds, "others": others}
    return lambda step: Task(ARTIFACTS_MODEL, "make", {"step": step, **inputs})


def word_of(step: str) -> str:
    """The first output of a step that prints words."""
    return f"{step} is at work"


def last_word_of(step: str) -> str:
    """The last output of a step that prints words."""
    return f"{step} has worked"


def size_made_by(task: Task) -> int:
    """The number of bytes of the artifact that a task makes; 0 if it makes none."""
    return int(task.inputs.get("size", 0)) if task.model_type == ARTIFACTS_MODEL else 0


_OTHERWISE = {"lifetime": "7d", "garbageCollection": 3, "tags": {"team": "red"}}
_HANDED = f'${{{{ vault.get("{VAULT}", "{HANDED_KEY}") }}}}'
_HANDED_TOO = f'${{{{ vault.get("{VAULT}", "other-key") }}}}'
_OF_THE_MODEL = f'${{{{ vault.get("{VAULT}", "model-key") }}}}'
_NOTE_DIGEST = (
    f"printf %s '{_HANDED}' | (sha256sum || shasum -a 256) 2>/dev/null | cut -c 1-64 "
    f'> "${NOTES_VARIABLE}/digest-$step"'
)
_SAY_SECRET = f"echo 'to the output: {_HANDED}'; echo 'to the errors: {_HANDED}' >&2"
_HOLD_AS_A_PROGRAM = f'[ -n "$first" ] && exec sleep {_LONGER_THAN_ANY_SCENARIO}'
_NOTE_ENVIRONMENT = f'env > "${NOTES_VARIABLE}/environment-$step-$$"'

_READ = "seed"
# The model whose steps write data for each of their items, one of the items, and what they wrote for it.
VARYING, ONE_ITEM = "box", "prod"
_OF_ONE_ITEM = f'${{{{ data.latest("{VARYING}", "{RESULT}", ["{ONE_ITEM}"]).attributes.word }}}}'
# What an operator is asked who must approve a step: with signs that a shell or a pattern takes for its own.
PROMPT = "Are 100% of the tests green? (see $BOARD, `main` & été)"

# What a step does: the phrase of the features, and the task. Work that pauses does so when it starts for the
# first time; work that pauses each time, whenever it starts. Work that pauses again after a write does that
# when it gets there for the first time.
WORK: Mapping[str, Callable[[str], Task]] = {
    "writes at once": _probe("once"),
    "writes the input of the run": lambda step: Task(
        PROBE, "once", {"step": step, "word": f"${{{{ inputs.{INPUT} }}}}"}
    ),
    "writes the input of the run, which its method takes for sensitive": lambda step: Task(
        PROBE, "discreet", {"step": step, "word": f"${{{{ inputs.{INPUT} }}}}"}
    ),
    "writes at once if its check allows it, which it does not": _probe("checked"),
    "writes its item into data of that item": lambda step: Task(
        PROBE, "once", {"step": step, "word": "${{ self.item }}"}, {"state": {"vary": ["word"]}}
    ),
    "writes its item into a file of that item and of a region": lambda step: Task(
        PROBE,
        "file",
        {"step": step, "word": "${{ self.item }}", "region": "eu"},
        {"trace": {"vary": ["word", "region"]}},
    ),
    f'writes what "{VARYING}" wrote for "{ONE_ITEM}"': lambda step: Task(
        PROBE, "once", {"step": step, "word": _OF_ONE_ITEM}
    ),
    "waits for approval": lambda _: Task("", "", {}, prompt=PROMPT),
    "waits for approval, for a second": lambda _: Task("", "", {}, prompt=PROMPT, approval_limit=1),
    "waits for approval, for five minutes": lambda _: Task("", "", {}, prompt=PROMPT, approval_limit=300),
    "writes at once, then runs another method": _probe("chained"),
    "writes after a moment": _probe("moment"),
    "pauses, then writes": _probe("hold"),
    "writes data for its run only": lambda step: Task(
        PROBE, "once", {"step": step}, {"state": {"lifetime": "ephemeral"}}
    ),
    f'reads the result of "{_READ}", pauses each time, then writes': lambda step: Task(
        PROBE, "read", {"step": step, "of": _READ}
    ),
    "pauses and ignores the request to stop": _probe("deaf"),
    "pauses, and cleans up for some seconds when it is asked to stop": _probe("tidy"),
    "prints a word, pauses, prints another, then writes": _probe("say"),
    "prints a word, pauses, prints many, then writes": lambda step: Task(
        PROBE, "say", {"step": step, "more": _MANY_LINES}
    ),
    "fails": _probe("fail"),
    "pauses, then fails": _probe("falter"),
    "fails the first time, then writes": _probe("stumble"),
    "ends its own process": _probe("vanish"),
    "writes, pauses, writes again": _probe("partial"),
    "pauses, writes, pauses, writes again": _probe("late"),
    "writes 120 resources": _probe("many"),
    "writes a line, pauses, writes another line": _probe("lines"),
    # The shell becomes the program that holds, so there is one process.
    "runs a program": _shell(_HOLD_AS_A_PROGRAM),
    # The shell stays, with the program that holds as its child.
    "runs a program from a script": _shell(f'[ -n "$first" ] && sleep {_LONGER_THAN_ANY_SCENARIO}'),
    "writes a secret into a resource": _say("resource"),
    "writes a secret into a file": _say("file"),
    "writes a secret into a file as bytes": _say("bytes"),
    "writes a secret into a file as a stream": _say("stream"),
    "writes a secret into a file by its path": _say("path"),
    "writes a secret into a file line by line": _say("lines"),
    "writes a secret into tags": _say("tags"),
    "writes a secret into its log": _say("log"),
    "prints a secret on the console": _say("console"),
    "reports a secret in an event": _say("event"),
    "fails with a secret in its error": _say("error"),
    "receives a secret, then pauses": _say("nowhere"),
    "writes a secret into a file by its path, then pauses": _say("unfinished"),
    "passes a secret to a program": _shell(f"{_NOTE_DIGEST}\n{_SAY_SECRET}"),
    # It prints its words the second time.
    "runs a program, then passes a secret to another": _shell(
        f'{_HOLD_AS_A_PROGRAM}\necho "{word_of("$step")}"\n{_NOTE_DIGEST}\n{_SAY_SECRET}\n'
        f'echo "{last_word_of("$step")}" >&2'
    ),
    "passes two secrets to a program": _shell(
        f"{_NOTE_DIGEST}\n{_SAY_SECRET}\n{_SAY_SECRET.replace(_HANDED, _HANDED_TOO)}",
        timeout=_LONGER_THAN_ANY_SCENARIO * 1000,
    ),
    "passes a secret to a program that fails": _shell(f"{_NOTE_DIGEST}\n{_SAY_SECRET}\nexit 3"),
    "writes three secrets, one from a list and one of its model, into a resource": lambda step: Task(
        SECRETS_MODEL,
        "say",
        {"step": step, "secret": _HANDED, "also": [{"secret": _HANDED_TOO}], "place": "resource"},
        of_the_model={"secret": _OF_THE_MODEL},
    ),
    'asks the vault for the enrollment token of "alpha"': lambda step: Task(
        SECRETS_MODEL, "pry", {"step": step, "vault": VAULT, "key": INFRASTRUCTURE_KEY}
    ),
    **{
        f'receives a secret and asks the vault for "{key}"': _ask_for(key)
        for key in (HANDED_KEY, "other-key")
    },
    "writes resources": _use("resources"),
    "writes a resource with its own settings": _use("adornedResource"),
    "writes one resource several times": _use("versions"),
    "writes a sensitive field": _use("sensitive"),
    "writes files": _use("files"),
    "writes files with settings of its workflow": lambda step: Task(
        CAPABILITIES_MODEL, "use", {"step": step, "action": "files"}, {"blob": _OTHERWISE, "text": _OTHERWISE}
    ),
    "writes a file with its own settings": _use("adornedFile"),
    "writes a file line by line": _use("lines"),
    "writes files from a stream": _use("streams"),
    "deletes a resource": _use("deleting"),
    "writes a resource that is gone when it has ended": lambda step: Task(
        CAPABILITIES_MODEL, "remove", {"step": step}
    ),
    "writes several versions of a resource and a file": _use("several"),
    "deletes old versions of both, then writes the file": _use("pruning"),
    "deletes the resource of an earlier step": _use("removing"),
    "stores a secret in a vault": _use("keeping"),
    "reads its own data and that of others": _use("reading"),
    "evaluates expressions": lambda step: Task(
        CAPABILITIES_MODEL,
        "use",
        {"step": step, "action": "computing"},
        of_the_model={"place": "Köln", "shelves": 3, "open": False, "days": ["Mon", "Tue"], "sign": ""},
    ),
    "reads the sensitive field that it wrote": _use("sensitiveRead"),
    "reads the handles of what it wrote": _use("handles"),
    "makes mistakes in its calls": _use("erring"),
    "writes values and reads them back": _hand_back,
    f'receives the values that "{GIVER}" wrote': _take,
    "writes data of several kinds": lambda step: Task(VALUES_MODEL, "kinds", {"step": step}),
    "queries data of several kinds": lambda step: Task(
        VALUES_MODEL, "ask", {"step": step, "questions": QUESTIONS}
    ),
    "fails with a message of several lines": lambda step: Task(
        VALUES_MODEL, "fail", {"step": step, "message": MESSAGE}
    ),
    "starts the ledger": lambda step: Task(VALUES_MODEL, "enter", {"step": step}),
    "adds to the ledger": lambda step: Task(VALUES_MODEL, "enter", {"step": step, "newest": NEWEST}),
    "records its environment": lambda step: Task(ENVIRONMENT_MODEL, "tell", {"step": step}),
    "sets variables, then records its environment": lambda step: Task(
        ENVIRONMENT_MODEL, "set", {"step": step, "names": [f"SET_{step.upper()}", "REGION", "OWN"]}
    ),
    "records the environment of a program": _shell(_NOTE_ENVIRONMENT),
    "records the environment of a program, then pauses": _shell(f"{_NOTE_ENVIRONMENT}\n{_HOLD_AS_A_PROGRAM}"),
    "has its own variable": lambda step: Task(
        SHELL,
        "execute",
        {**_shell(_NOTE_ENVIRONMENT)(step).inputs, "env": {f"OWN_{step.upper()}": f"that of {step}"}},
    ),
    "records what came with its extension": lambda step: Task(
        SHIPPED_MODEL, "show", {"step": step, "files": list(SHIPPED_FILES)}
    ),
    **{
        f"writes {size} MB {way}": _make(size, way)
        for size, way in (
            (30, "as a stream"),
            (50, "in one piece"),
            (100, "in a file"),
            (100, "as a stream"),
            (300, "as a stream"),
        )
    },
    "writes 30 MB as a stream, pausing halfway": _make(30, "as a stream", holds=True),
    # Each of the three continues only when all are halfway.
    "writes 30 MB as a stream, waiting halfway for two other steps": _make(30, "as a stream", others=2),
    "writes artifacts of all sizes": lambda step: Task(
        ARTIFACTS_MODEL, "makeAll", {"step": step, "artifacts": SIZED_ARTIFACTS}
    ),
    'reads the artifacts of "build"': lambda step: Task(
        ARTIFACTS_MODEL, "readAll", {"step": step, "of": "build", "artifacts": SIZED_ARTIFACTS}
    ),
    'reads the artifact of "build"': _read_artifact("build"),
    'reads the artifact of "large"': _read_artifact("large"),
}
