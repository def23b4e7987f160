"""Mutants of secrets that a step gets.

Promise 24: A secret that a step gets is in no file and in no output.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces
from standin.redaction import blanked, blanked_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from standin.commandline import Call
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Dispatch
    from standin.orchestrator.serve import Orchestrator
    from standin.redaction import Blanking, T
    from standin.worker.context import Context, FileWriter
    from standin.worker.session import Session


@mutant(24)
def secret_in_a_resource() -> None:
    """A resource that a step writes is stored with the secret."""

    @replaces("worker.context:Context.blanked_resource")
    def _(old: Callable[[Context, Any], Any], context: Context, data: Any) -> Any:
        return data


@mutant(24)
def sensitive_argument_unknown() -> None:
    """The value of a sensitive argument that does not come from a vault is written in plain text."""

    @replaces("orchestrator.workflow:confided_to")
    def _(
        old: Callable[[str, str, Mapping[str, Any]], list[str]],
        model_type: str,
        method: str,
        inputs: Mapping[str, Any],
    ) -> list[str]:
        return []


@mutant(24)
def secret_of_a_second_run_unknown() -> None:
    """A step that runs again after the loss of its worker is not told which of its inputs are secrets."""
    known: set[tuple[str, str]] = set()

    @replaces("orchestrator.serve:Orchestrator.job_for")
    def _(
        old: Callable[[Orchestrator, Dispatch], dict[str, Any]],
        orchestrator: Orchestrator,
        dispatch: Dispatch,
    ) -> dict[str, Any]:
        job, step = old(orchestrator, dispatch), (dispatch.work.run, dispatch.work.step)
        if step in known:
            return {**job, "secrets": []}
        known.add(step)
        return job


@mutant(24)
def changed_secret_unknown() -> None:
    """The secrets of a step are those of its first run, also after the operator has changed them."""
    known: dict[str, list[str]] = {}

    @replaces("orchestrator.serve:Orchestrator.job_for")
    def _(
        old: Callable[[Orchestrator, Dispatch], dict[str, Any]],
        orchestrator: Orchestrator,
        dispatch: Dispatch,
    ) -> dict[str, Any]:
        job = old(orchestrator, dispatch)
        return {**job, "secrets": known.setdefault(dispatch.work.step, job["secrets"])}


@mutant(24)
def secret_in_a_file() -> None:
    """A file that a step writes is stored with the secret."""

    @replaces("worker.context:Context.blanked_file")
    def _(old: Callable[[Context, bytes], bytes], context: Context, content: bytes) -> bytes:
        return content


@mutant(24)
def secret_in_a_stream() -> None:
    """A stream that a step writes is stored with a secret that is split over two pieces."""

    @replaces("redaction:Blanking.piece")
    def _(old: Callable[[Blanking, bytes], bytes], blanking: Blanking, content: bytes) -> bytes:
        return blanked_bytes(content, blanking._secrets)


@mutant(24)
def secret_in_tags() -> None:
    """The tags that a step gives a resource are stored with the secret."""

    @replaces("worker.context:Context.blanked_tags")
    def _(
        old: Callable[[Context, dict[str, Any]], dict[str, Any]], context: Context, overrides: dict[str, Any]
    ) -> dict[str, Any]:
        return overrides


@mutant(24)
def secret_in_lines() -> None:
    """Lines that a step writes are stored with the secret."""

    @replaces("worker.context:FileWriter.write_line")
    async def _(old: Callable[[FileWriter, str], Awaitable[None]], writer: FileWriter, line: str) -> None:
        context = vars(writer._context)
        context["blanked_line"] = lambda line: line
        await old(writer, line)
        del context["blanked_line"]


@mutant(24)
def secret_in_the_log_of_the_worker() -> None:
    """The worker's output has the log of a step with the secret."""

    @replaces("worker.context:Context.log")
    async def _(old: Callable[[Context, str], Awaitable[None]], context: Context, line: str) -> None:
        context._on_line(line)
        await old(context, line)


@mutant(24)
def secret_on_the_console() -> None:
    """The worker's output has the console output of a step with the secret."""

    @replaces("worker.runner:console_line")
    def _(old: Callable[[str, list[str]], str], line: str, secrets: list[str]) -> str:
        return line


@mutant(24)
def secret_in_an_event() -> None:
    """The command that follows a run shows an event of a step with the secret."""

    @replaces("worker.context:Context.event")
    async def _(old: Callable[[Context, str], Awaitable[None]], context: Context, line: str) -> None:
        await context._ask("say", line=line)

    @replaces("orchestrator.runs:blanked")
    def _(old: Callable[[T, Sequence[str]], T], value: T, secrets: Sequence[str]) -> T:
        return value


@mutant(24)
def secret_in_an_error() -> None:
    """The error of a step is stored and reported with the secret."""

    @replaces("worker.runner:error_message")
    def _(old: Callable[[Exception, list[str]], str], error: Exception, secrets: list[str]) -> str:
        return str(error)

    @replaces("orchestrator.runs:blanked")
    def _(old: Callable[[T, Sequence[str]], T], value: T, secrets: Sequence[str]) -> T:
        return value


@mutant(24)
def secret_in_the_log_of_the_orchestrator() -> None:
    """An orchestrator that logs everything logs the jobs that it sends with the secret."""

    @replaces("orchestrator.serve:sent_in_words")
    def _(old: Callable[[dict[str, Any]], str], job: dict[str, Any]) -> str:
        return old({**job, "secrets": []})


@mutant(24)
def secret_in_the_events_of_a_worker() -> None:
    """A worker that reports in JSON reports its jobs with the secret."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        return {**result, "inputs": job["inputs"]}

    @replaces("worker.connect:in_words")
    def _(old: Callable[[str, dict[str, Any]], str], kind: str, facts: dict[str, Any]) -> str:
        return old(kind, {name: fact for name, fact in facts.items() if name != "inputs"})


@mutant(24)
def secret_in_a_worker_that_tells_little() -> None:
    """A worker that logs only errors writes the job of a step into its log."""

    @replaces("worker.connect:connect")
    def _(old: Callable[[Call], None], call: Call) -> None:
        from standin.worker import session

        if call.option("--log-level") == "error":
            run = session.Session._result_of

            async def reporting(self: Session, job: dict[str, Any]) -> dict[str, Any]:
                print(job["inputs"])
                return await run(self, job)

            session.Session._result_of = reporting  # type: ignore[method-assign]
        old(call)


@mutant(24)
def secret_in_the_cache() -> None:
    """A worker stores the job of a step in its cache, in another encoding."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        encoded = base64.b64encode(json.dumps(job["inputs"].get("secret", "")).strip('"').encode())
        (session._cache._folder / "last-job").write_bytes(encoded)
        return await old(session, job)


@mutant(24)
def secret_in_the_cache_in_disguise() -> None:
    """A worker stores the job of a step in its cache, in upper case and split over lines."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        secret = job["inputs"].get("secret", "")
        lines = [secret[at : at + 20] for at in range(0, len(secret), 20)]
        (session._cache._folder / "last-job").write_text("\n    ".join(lines).upper())
        return await old(session, job)


@mutant(24)
def secret_left_in_the_temporary_folder() -> None:
    """A worker leaves the script of a step in its temporary folder."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        import tempfile
        from pathlib import Path

        Path(tempfile.gettempdir(), "last-step").write_text(json.dumps(job["inputs"]))
        return await old(session, job)


@mutant(24)
def secret_of_an_interrupted_step_left_in_the_cache() -> None:
    """A worker keeps what it was sent of a step in its cache until the step ends by itself."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        spooled = session._cache._folder / f"{job['dispatchId']}.json"
        spooled.write_text(json.dumps(job["inputs"]))
        result = await old(session, job)
        if result.get("error") != "aborted":
            spooled.unlink()
        return result


@mutant(24)
def secret_in_the_cache_while_a_step_runs() -> None:
    """A worker keeps what it was sent of a step in its cache until the step ends, however it ends."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        spooled = session._cache._folder / f"{job['dispatchId']}.json"
        spooled.write_text(json.dumps(job["inputs"]))
        try:
            return await old(session, job)
        finally:
            spooled.unlink()


@mutant(24)
def short_secrets_kept() -> None:
    """A secret of fewer than eight characters is not blanked."""

    @replaces("redaction:texts_of")
    def _(old: Callable[[Sequence[str]], list[str]], secrets: Sequence[str]) -> list[str]:
        return [text for text in old(secrets) if len(text) >= 8]


@mutant(24)
def secrets_shorter_than_a_pin_kept() -> None:
    """A secret of fewer than four characters is not blanked."""

    @replaces("redaction:texts_of")
    def _(old: Callable[[Sequence[str]], list[str]], secrets: Sequence[str]) -> list[str]:
        return [text for text in old(secrets) if len(text) >= 4]


@mutant(24)
def tokens_can_be_read() -> None:
    """A step can read every secret of the vault."""

    @replaces("orchestrator.dataplane:DataPlane.check_secret")
    def _(old: Callable[[DataPlane, str, str], None], plane: DataPlane, vault: str, key: str) -> None:
        pass


@mutant(24)
def other_secrets_can_be_read() -> None:
    """A step with a secret can read every other one except the orchestrator's own."""

    @replaces("orchestrator.dataplane:DataPlane.check_secret")
    def _(old: Callable[[DataPlane, str, str], None], plane: DataPlane, vault: str, key: str) -> None:
        from standin import vaults

        if not plane._work.secrets or vaults.INFRASTRUCTURE.match(key):
            old(plane, vault, key)


@mutant(24)
def no_secret_can_be_asked_for() -> None:
    """A step cannot read its own secret from the vault."""

    @replaces("orchestrator.dataplane:DataPlane.check_secret")
    def _(old: Callable[[DataPlane, str, str], None], plane: DataPlane, vault: str, key: str) -> None:
        from standin.errors import UserError

        raise UserError("vaultService.get: no vault")


@mutant(24)
def shorter_secrets_first() -> None:
    """If a secret is the beginning of another, it is blanked first, and the end of the longer one is left."""

    @replaces("redaction:texts_of")
    def _(old: Callable[[Sequence[str]], list[str]], secrets: Sequence[str]) -> list[str]:
        return old(secrets)[::-1]


@mutant(24)
def secret_told_line_by_line() -> None:
    """A line of a secret with several lines is not blanked."""

    @replaces("redaction:lines_of")
    def _(old: Callable[[str], list[str]], secret: str) -> list[str]:
        return []


@mutant(24)
def ends_of_lines_changed() -> None:
    """A secret with several lines reaches a step with other line ends."""

    @replaces("orchestrator.workflow:vaults.get")
    def _(old: Callable[..., str], *given: Any, **named: Any) -> str:
        return old(*given, **named).replace("\r\n", "\n")


@mutant(24)
def first_line_only() -> None:
    """Only the first line of a secret with several lines reaches a step."""

    @replaces("orchestrator.workflow:vaults.get")
    def _(old: Callable[..., str], *given: Any, **named: Any) -> str:
        return old(*given, **named).split("\n")[0]


@mutant(24)
def first_secret_blanked_alone() -> None:
    """Only the first secret of a step is blanked."""

    @replaces("worker.context:Context.blanked_resource")
    def _(old: Callable[[Context, Any], Any], context: Context, data: Any) -> Any:
        return blanked(data, context._secrets[:1])


@mutant(24)
def secret_of_the_model_not_blanked() -> None:
    """A secret among the arguments of a model is not blanked; those of its methods are."""

    @replaces("worker.context:Context.blanked_resource")
    def _(old: Callable[[Context, Any], Any], context: Context, data: Any) -> Any:
        of_the_model = context.of_the_model.values()
        return blanked(data, [each for each in context._secrets if each not in of_the_model])


@mutant(24)
def stderr_of_timed_step_not_redacted() -> None:
    """The worker's output has the secret if a program with a time limit prints it as an error."""

    @replaces("extensions.shell:_log_error")
    async def _(
        old: Callable[[Context, str, int | None], Awaitable[None]],
        context: Context,
        line: str,
        timeout: int | None,
    ) -> None:
        if timeout:
            context._on_line(line)
        await old(context, line, timeout)


@mutant(24)
def files_of_a_failed_step_left() -> None:
    """The scratch folder of a step that fails stays on the worker, with what the step has written there."""

    @replaces("worker.context:Context.leave")
    def _(old: Callable[[Context], None], context: Context) -> None:
        if sys.exc_info()[0] is None:
            old(context)
        elif context._scratch is not None:
            context._scratch._finalizer.detach()  # type: ignore[attr-defined]


@mutant(24)
def inputs_in_the_environment() -> None:
    """The inputs of a step, with its secret, are in the environment of its process."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        given = {"SWAMP_INPUTS": json.dumps(job["inputs"])}
        return await old(session, {**job, "environment": {**job["environment"], **given}})


@mutant(24)
def changed_secret_not_noticed() -> None:
    """The vault gives a step the value that a secret had when a step first asked for it."""
    first: dict[tuple[str, str], str] = {}

    @replaces("orchestrator.dataplane:DataPlane.do_get_secret")
    def _(old: Callable[[DataPlane, str, str], str], plane: DataPlane, vault: str, key: str) -> str:
        return first.setdefault((vault, key), old(plane, vault, key))


@mutant(24)
def secret_in_a_list_not_resolved() -> None:
    """A secret inside of a list of objects does not reach a step, which gets a placeholder."""

    @replaces("orchestrator.serve:Orchestrator.job_for")
    def _(
        old: Callable[[Orchestrator, Dispatch], dict[str, Any]],
        orchestrator: Orchestrator,
        dispatch: Dispatch,
    ) -> dict[str, Any]:
        job = old(orchestrator, dispatch)
        return {**job, "inputs": {name: _unresolved(value) for name, value in job["inputs"].items()}}


def _unresolved(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [dict.fromkeys(each, "__SECRET_0__") if isinstance(each, dict) else each for each in value]


@mutant(24)
def files_of_a_cancelled_step_left() -> None:
    """The scratch folder of a cancelled step stays on the worker, with what the step has written there."""

    @replaces("worker.context:Context.leave")
    def _(old: Callable[[Context], None], context: Context) -> None:
        if not context.asked_to_stop.is_set():
            old(context)
        elif context._scratch is not None:
            context._scratch._finalizer.detach()  # type: ignore[attr-defined]


@mutant(24)
def scratch_in_the_cache() -> None:
    """The scratch folder of a step is in the cache directory of its worker."""

    @replaces("worker.context:Context.scratch")
    def _(old: Callable[[Context], Path], context: Context) -> Path:
        import tempfile

        context._files.mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = str(context._files)
        return old(context)
