"""The texts of the product that the suite recognises, by the reason that they give.

Features name reasons, not texts. If releases use different wordings for a reason, all of them are here, the
newest first. No other module contains the product's wordings.

A pattern takes linear time on any text: a gap between two words has a limit or an end of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# The two protocol versions in the rejection of a worker of another protocol version.
PROTOCOL_VERSIONS = re.compile(
    r"Worker protocol version (?P<worker>\d+) does not match orchestrator version (?P<orchestrator>\d+)"
)
ALREADY_CONNECTED = re.compile(r"Worker '(?P<member>[^']+)' is already connected")

EXPIRED = "its token has expired"
# The reasons of a worker's rejection, by the phrase that features use after "because": those about its token.
TOKEN_REJECTIONS = {
    "its token is revoked": [r"Enrollment token '[^']+' has been revoked"],
    EXPIRED: [r"Enrollment token '[^']+' has expired"],
    "its token is bound to another machine": [
        r"Enrollment token '[^']+': enrollment allowance exhausted",
        r"already bound to another machine",  # until 2026-07-04
    ],
    "its token was never minted": [r"Enrollment token '[^']+' does not exist"],
    "its secret is wrong": [r"Enrollment token '[^']+' does not match"],
    "its token is malformed": [r"Enrollment token must have the form '<name>\.<secret>'"],
}
REJECTIONS = {
    **TOKEN_REJECTIONS,
    "its server token is refused": [r"Invalid status code: 401"],
    "the worker is already connected": [ALREADY_CONNECTED.pattern],
    "its protocol version differs": [PROTOCOL_VERSIONS.pattern],
    "its protocol version is missing": [
        r"\bprotocolVersion\b",
        r"Worker protocol version undefined does not match",
    ],
}

# Whether a worker that is rejected for this reason tries again until it gives up (design/remote-execution.md,
# "Pre-enrollment failure handling"): a retry cannot help where the token or the version is wrong.
TRIES_AGAIN = {
    "its token is revoked": False,
    EXPIRED: False,
    "its token is bound to another machine": False,
    "its token was never minted": False,
    "its secret is wrong": False,
    "its protocol version differs": False,
    "the worker is already connected": True,
}
WORKER_GIVES_UP = re.compile(r"connection failed \d+ consecutive times before enrollment")

# The reasons why a client refuses an orchestrator's certificate.
CERTIFICATE_FLAWS = {
    "the certificate is not trusted": [r"issuer is not trusted", r"UnknownIssuer", r"root CA is not in "],
    "the certificate has expired": [r"certificate (has )?expired", r"[^-]expired certificate"],
    "the certificate may sign others": [r"has basicConstraints CA:TRUE"],
    "the certificate is for another host": [r"not valid for (the )?(name|host)", r"NotValidForName"],
}

# The reasons why an orchestrator that authenticates its clients refuses a command.
ACCESS_FAILURES = {
    "authentication fails": [
        r"Authentication failed — run: swamp auth server-login ",
        r"Server returned 401: Unauthorized",  # to a cancellation
    ],
    "access is denied": [
        r"Access denied: user:\S{1,100} (does not have|is explicitly denied) '\w{1,20}' on \w{1,20}:",
        r"Access denied: cancel requires admin permission",
    ],
}

# The reasons why a command of the operator fails.
COMMAND_FAILURES = {
    **CERTIFICATE_FLAWS,
    "the name is taken": [r"Enrollment token '[^']+' already exists"],
    "the name is not allowed": [r"must be lowercase alphanumeric"],
    "the lifetime must be positive": [r"Invalid --duration value .{0,500}: must be positive"],
    "the lifetime is not understood": [r"Invalid duration format"],
    "there is no repository": [r"Not a swamp repository: "],
    "there is no vault": [r"No vaults are configured"],
    "an option is missing": [r"Missing required option"],
    "there is no such option": [r"Unknown option"],
    "there is no such command": [r"is not a subcommand of"],
    "no command was named": [r"No subcommand specified"],
    "no token was given": [r"Missing enrollment token"],
    "a label has no value": [r"Invalid label '[^']*' — expected the form key=value"],
    "a number of steps must be positive": [r"--max-dispatches must be a positive integer"],
    "a number of slots must be positive": [r"--concurrency must be a positive integer"],
    "an idle time must be positive": [r"Invalid --idle-timeout value .{0,500}: must be positive"],
    "a number of machines must be positive": [r"Invalid --max-enrollments value"],
    "no orchestrator was named": [r"requires a running orchestrator", r"Missing orchestrator URL"],
    "the cache directory cannot be used": [
        r"(?:Not a directory|The system cannot find the path)[^\n]{0,500}machine-id"
    ],
    "the key of the certificate is missing": [r"Both --cert-file and --key-file must be provided together"],
    "the file of certificates cannot be read": [r"Could not read CA certificate file '[^'\n]{1,500}'"],
    "the address is not that of an orchestrator": [r"Orchestrator URL must start with ws://"],
    "the orchestrator cannot be reached": [r"Could not connect to [^\n]{0,500}tcp connect error"],
    "TLS is missing": [r"Off-loopback binding requires TLS — provide --cert-file and --key-file"],
    "authentication is missing": [r"Off-loopback binding requires authentication — set --auth-mode "],
    "the administrators are missing": [r"--admins is required when --auth-mode is "],
    "there is no such token": [r"Enrollment token '[^']+' not found"],
    "no vault was named": [r"Multiple vaults are configured \([^)]{0,500}\)\. Pass --vault <name>"],
    "there is no such vault": [r"Vault '[^']+' is not configured\. Available vaults: "],
    "there is no such workflow": [r"Workflow not found: "],
    "a key of the workflow is unknown": [r"Unknown key '[^']+' on (step|job|workflow) '[^']+'"],
    "there is no such step": [r'Step "[^"]+" not found in workflow'],
    "no run has failed": [r"No failed runs found for workflow"],
    "no run waits for approval": [r"No suspended runs found for workflow"],
    "several runs wait for approval": [r"Multiple suspended runs found for workflow"],
    "its step still waits for approval": [r'Step "[^"]+" (?:in job "[^"]+" )?is still awaiting approval'],
    "the time for the approval is over": [
        r'Approval timed out: step "[^"]+" has been waiting \d+s \(timeout: 1s\)'
    ],
    "the step does not wait for approval": [r'Step "[^"]+" is not awaiting approval'],
    "the run is not in progress": [r"No active workflow-run [^\n]{1,100} in this serve instance"],
    "too many runs are in progress": [r"Too many concurrent runs\b"],
    "there is no such model": [r"Model not found: "],
    "there is no such method": [r"Unknown method '[^']+' for type"],
}

# The key that a workflow must not have, with the key that was probably meant.
UNKNOWN_KEY = re.compile(
    r"Unknown key '(?P<key>[^'\n]{1,100})' on (?P<where>(?:step|job|workflow) '[^'\n]{1,100}')"
    r"(?:\. Did you mean '(?P<meant>[^'\n]{1,100})'\?)?"
)
# The last line of a validation that fails, in text.
VALIDATION_FAILED = re.compile(r"^(?:Result|Overall): FAILED$", re.MULTILINE)

# The reasons why a run fails.
RUN_FAILURES = {
    "its worker was lost after the step had written": [
        # With the dash, which JSON may escape, up to its last word.
        r"Worker '[^']+' disconnected after step '[^']+' had written data [^\n]{1,50}\(write-then-drop\)",
    ],
    "its step failed": [
        r"Command exited with code 3",
        r"(?<!check )has failed on purpose",
    ],
    "its job has lost its worker": [r"required by affinity group '[^']+' is no longer connected"],
    "a check of its step failed": [r"Pre-flight checks failed for "],
    "the process of its step ended": [r"Runner crashed with exit code 9\b"],
    "no orchestrator runs it": [r"Step requests remote placement but no worker dispatcher is active"],
    "no matching worker came in time": [
        r"Timed out waiting for a worker matching [^\n]{1,500} to become available"
    ],
}

# The worker and the step that a run names when it fails because this worker was lost.
LOST_AFTER_WRITING = re.compile(
    r"Worker '(?P<worker>[^'\n]{1,100})' disconnected after step '(?P<step>[^'\n]{1,100})' had written data"
)

# The report that a step waits for a worker, in the output of a command that follows a run; its quoted parts.
WAITS = re.compile(r"queued, waiting for worker matching (?P<requirement>[^\n]{1,500})")
WAITS_FOR_ONE = re.compile(r"(?P<kind>target|platform) '(?P<value>[^'\n]{1,200})'")

# The warning that the worker which a step names is not connected.
AWAY = re.compile(r"target worker '(?P<target>[^'\n]{1,100})' is disconnected")

# Why the orchestrator did not finish a run, in the tags of the run.
INTERRUPTIONS = {
    "the orchestrator crashed": [r"^server_crash$", r"^daemon restarted\b"],
    "the orchestrator was stopped": [r"^server_shutdown$"],
}

# The same in the history of the run, in text or in JSON.
INTERRUPTIONS_SHOWN = {
    "the orchestrator crashed": [r"\bserver_crash\b", r"\bdaemon restarted\b"],
    "the orchestrator was stopped": [r"\bserver_shutdown\b", r"\bserver shutdown\b"],
}

# The error of a step that was asked to stop, and stopped.
STEP_STOPPED = {"it was asked to stop": [r"\baborted\b"]}

# The reasons in a lease why a dispatch did not complete.
LEASE_REASONS = {
    "its worker came back": [r"^worker reconnected after drop; no writes had occurred$"],
    "its worker stayed away": [r"^worker lost; no writes had occurred$"],
    "the step had written": [r"^worker disconnected after writing \(write-then-drop\)$"],
    "the orchestrator restarted": [r"^orchestrator restart$"],
}

# The output of a command that follows a run, at the end of the run.
RUN_ENDINGS = {
    "succeeded": re.compile(r"Completed workflow \S+ succeeded"),
    "failed": re.compile(r"Failed workflow \S+"),
    "cancelled": re.compile(r"Cancelled workflow \S+"),
    "suspended": re.compile(r"Suspended workflow \S+"),
}

# The output of a command that follows a run, when the run is suspended: the step and the question.
STEP_TO_APPROVE = re.compile(r"Suspended workflow \S+ — awaiting approval on step (?P<step>\S+)")
APPROVAL_ASKED = re.compile(r'approval required: "(?P<prompt>[^\n]*)"')

# The list of approvals in text: a step with the question, below it the commands that decide.
APPROVALS = re.compile(r'"?(?P<workflow>[^\s"]+)"? / "?(?P<step>[^\s"]+)"? — (?P<prompt>[^\n]*)')
NO_APPROVALS = re.compile(r"No workflows awaiting approval")

# What the check of all runs prints when none is in progress.
NO_RUNS_IN_PROGRESS = re.compile(r"^No active or stale runs\.$", re.MULTILINE)

# The output of a command that follows a run, at the start and at the successful end of a step.
STEP_BEGINS = re.compile(r"│ step (?P<step>\S+) · [^\n]{0,500}\bstart\b")
STEP_DONE = re.compile(r"│ done (?P<step>\S+) in ")

# The output of a command that follows a run and has lost its connection.
RECONNECTS = re.compile(r"Connection dropped, reconnecting \(\d+/\d+\)")

# The output of a command that mints a server token: the command that reads its secret.
READ_SECRET = re.compile(
    r"^Retrieve the token with: swamp (?P<command>vault read-secret .{1,200}\S)$", re.MULTILINE
)

METHOD_SUCCEEDED = re.compile(r"Completed +\S+ on \S+ succeeded")

# The output of a command that cancels a run: the run has ended or, if a step ignores the request, will end.
CANCELLATION = re.compile(r'(?:Cancelled run|Cancellation requested for run) "(?P<run>[^"]+)"')

CANCELLED_NOW = re.compile(r'Cancelled run "[^"]+"')

# The output of a command that mints a token, in the order of its lines.
MINTED = (
    re.compile(r"^Token: (?P<what>\S+)$", re.MULTILINE),
    re.compile(r"^Expires: (?P<what>\S+)$", re.MULTILINE),
    re.compile(r"^Vault: (?P<what>\S+ \(key \S+\))$", re.MULTILINE),
)
# The output of a command that mints a token for several machines.
MINTED_FOR = re.compile(r"^Max enrollments: (?P<machines>\S+)$", re.MULTILINE)

# The output of a command that revokes a token: the token and the time.
REVOKED = (
    re.compile(r"Token (?P<what>\S+) revoked\.$", re.MULTILINE),
    re.compile(r"^Revoked at: (?P<what>\S+)$", re.MULTILINE),
)
ALREADY_REVOKED = re.compile(r"^Token \S+ was already revoked\.$", re.MULTILINE)

# The notes below the table of workers: the number of hidden ones, and the meaning of states.
HIDDEN_WORKERS = re.compile(r"^(?P<number>\d+) disconnected workers? hidden", re.MULTILINE)
POOL_NOTES = re.compile(
    r"^(?:\d+ disconnected workers? hidden|Some workers are (?:unverified|draining)) .*$", re.MULTILINE
)

# The line below the table of verified workers if all have passed.
ALL_VERIFIED = re.compile(r"^All (?P<number>\d+) worker\(s\) passed verification\.$", re.MULTILINE)

# The waiting time of a step in the table of waiting steps.
AGE = re.compile(r"(?:<(?P<below>1)s|(?P<seconds>\d+)s|(?P<minutes>\d+)m)")

DAEMON_IS_OFF = re.compile(r"^Status \(\w+ service\): not configured$", re.MULTILINE)
NOBODY_TO_VERIFY = re.compile(r"No connected workers found to verify\.")

# Lines in the log of an orchestrator.
LISTENING = re.compile(
    r'(listening on "?|"status":"listening",.{0,100}"url":")(?P<address>wss?://[^":/]{1,100}:(?P<port>\d{1,5}))'
)
WAITS_FOR_RUNS = re.compile(r'Draining \d+ active run|"status":"stopping"')
VERIFICATION_FAILED = re.compile(
    r'Worker "?(?P<worker>[^" ]+)"? (?:failed enrollment verification|verification probe errored): '
    r'"?(?P<reason>.*?)"?$',
    re.MULTILINE,
)
PORT_TAKEN = re.compile(r"AddrInUse|[Aa]ddress already in use")

# The answer of an orchestrator to a request of unknown type.
UNKNOWN_REQUEST = re.compile(r"^invalid_request: Invalid request: type: ")

# Lines on the standard output of a worker in text mode.
WORKER_DIALS = re.compile(r"^Connecting to (?P<url>\S+) \(attempt (?P<attempt>\d+)\)")
WORKER_PAUSES = re.compile(r"^Reconnecting in (?P<seconds>[\d.]+)s$")
WORKER_ENROLLED = re.compile(r"^\S* ?Enrolled as (?P<name>\S+)$")
WORKER_DISCONNECTED = re.compile(r"^Disconnected: ")
WORKER_STOPPED = re.compile(r"^Worker stopped: (?P<reason>.*)$")

_DISPATCH = r"^\S+ Dispatch (?P<dispatch>[0-9a-f]{8}): (?P<work>\S+)"
# Lines of a worker that enrolls, runs a step and is stopped, by the kind of the event in JSON.
WORKER_EVENTS: Mapping[str, re.Pattern[str]] = {
    "connecting": WORKER_DIALS,
    "enrolled": WORKER_ENROLLED,
    "dispatch_started": re.compile(rf"{_DISPATCH} \((?P<workflowName>\S+) \S (?P<stepName>\S+)\)$"),
    "dispatch_finished": re.compile(rf"{_DISPATCH} succeeded in \d+ms$"),
    "dispatch_failed": re.compile(rf"{_DISPATCH} failed in \d+ms — (?P<error>.*\S)$"),
    "draining": re.compile(r"^Draining \((?P<reason>[^)\n]+)\)"),
    "drain_complete": re.compile(r"^Drain complete\b"),
    "disconnected": re.compile(r"^Disconnected: drained$"),
    "retrying": WORKER_PAUSES,
    "stopped": re.compile(r"^Worker stopped: (?P<reason>.+)$"),
}

# The reasons in JSON why a worker stops by itself, or is stopped, and how text has them.
STOP_REASONS = {
    "signal": "received shutdown signal",
    "max-dispatches": "reached max dispatches",
    "idle-timeout": "idle timeout elapsed",
}

# A stack trace, which is for the developers of swamp, not for its operators.
STACK_TRACE = re.compile(r"^[ \t]+at [^\n]*:\d+:\d+\)?\r?$", re.MULTILINE)


def reasons_given(text: str, wordings: dict[str, list[str]]) -> list[str]:
    """The reasons in a text, in the order of the table.

    Args:
        text: output of the product.
        wordings: a table such as `REJECTIONS` or `RUN_FAILURES`.

    Returns:
        The recognised reasons; empty if there are none.
    """
    return [
        reason
        for reason, patterns in wordings.items()
        if any(re.search(pattern, text) for pattern in patterns)
    ]
