"""A secret that a step was handed stands in nothing that is kept or shown."""

import base64
import json

from standin.faults import broken
from standin.redaction import blanked, blanked_bytes


def secret_in_a_resource():
    """What a step writes into a resource is kept with the secret."""

    @broken("worker.context:Context.blanked_resource")
    def _(old, context, data):
        return data


def secret_in_a_file():
    """What a step writes into a file is kept with the secret."""

    @broken("worker.context:Context.blanked_file")
    def _(old, context, content):
        return content


def secret_in_a_stream():
    """What a step writes into a stream is kept with a secret that two pieces share."""

    @broken("redaction:Blanking.piece")
    def _(old, blanking, content):
        return blanked_bytes(content, blanking._secrets)


def secret_in_tags():
    """The tags that a step gives a resource are kept with the secret."""

    @broken("worker.context:Context.blanked_tags")
    def _(old, context, overrides):
        return overrides


def secret_in_lines():
    """What a step writes line by line is kept with the secret."""

    @broken("worker.context:FileWriter.write_line")
    async def _(old, writer, line):
        context = writer._context
        kept, context.blanked_line = context.blanked_line, lambda line: line
        await old(writer, line)
        context.blanked_line = kept


def secret_in_the_log_of_the_worker():
    """What a step logs stands in the worker's output with the secret."""

    @broken("worker.context:Context.log")
    async def _(old, context, line):
        context._tell(line)
        await old(context, line)


def secret_on_the_console():
    """What a step writes to its console stands in the worker's output with the secret."""

    @broken("worker.runner:console_line")
    def _(old, line, secrets):
        return line


def secret_in_an_event():
    """What a step reports reaches whoever follows the run with the secret."""

    @broken("worker.context:Context.event")
    async def _(old, context, line):
        await context._ask("say", line=line)

    @broken("orchestrator.runs:blanked")
    def _(old, value, secrets):
        return value


def secret_in_an_error():
    """The error of a step is kept and told with the secret."""

    @broken("worker.runner:error_told")
    def _(old, error, secrets):
        return str(error)

    @broken("orchestrator.runs:blanked")
    def _(old, value, secrets):
        return value


def secret_in_the_log_of_the_orchestrator():
    """An orchestrator that logs everything logs what it sends with the secret."""

    @broken("orchestrator.serve:sent_in_words")
    def _(old, job):
        return old({**job, "secrets": []})


def secret_in_the_events_of_a_worker():
    """A worker that reports in JSON reports what it was sent with the secret."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        result = await old(session, job)
        return {**result, "inputs": job["inputs"]}

    @broken("worker.connect:in_words")
    def _(old, kind, facts):
        return old(kind, {name: fact for name, fact in facts.items() if name != "inputs"})


def secret_in_a_worker_that_tells_little():
    """A worker that logs errors only writes what a step was sent into its log."""

    @broken("worker.connect:connect")
    def _(old, call):
        from standin.worker import session

        if call.option("--log-level") == "error":
            run = session.Session._result_of

            async def telling(self, job):
                print(job["inputs"])
                return await run(self, job)

            session.Session._result_of = telling
        old(call)


def secret_in_the_cache():
    """A worker keeps what it was sent of a step in its cache, in another encoding."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        encoded = base64.b64encode(json.dumps(job["inputs"].get("secret", "")).strip('"').encode())
        (session._cache._folder / "last-job").write_bytes(encoded)
        return await old(session, job)


def secret_in_the_cache_in_disguise():
    """A worker keeps what it was sent of a step in its cache, in upper case and broken over lines."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        secret = job["inputs"].get("secret", "")
        lines = [secret[at : at + 20] for at in range(0, len(secret), 20)]
        (session._cache._folder / "last-job").write_text("\n    ".join(lines).upper())
        return await old(session, job)


def secret_left_in_the_temporary_folder():
    """A worker leaves the script of a step in its temporary folder."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        import tempfile
        from pathlib import Path

        Path(tempfile.gettempdir(), "last-step").write_text(json.dumps(job["inputs"]))
        return await old(session, job)


def tokens_can_be_read():
    """A step can read every secret of the vault."""

    @broken("orchestrator.dataplane:DataPlane.check_secret")
    def _(old, plane, vault, key):
        pass


def other_secrets_can_be_read():
    """A step that was handed a secret can read every other one but the orchestrator's own."""

    @broken("orchestrator.dataplane:DataPlane.check_secret")
    def _(old, plane, vault, key):
        from standin import vaults

        if not plane._work.secrets or vaults.INFRASTRUCTURE.match(key):
            old(plane, vault, key)


def no_secret_can_be_asked_for():
    """A step that asks the vault for the secret that it was handed is refused."""

    @broken("orchestrator.dataplane:DataPlane.check_secret")
    def _(old, plane, vault, key):
        from standin.errors import UserError

        raise UserError("vaultService.get: no vault")


def shorter_secrets_first():
    """Of two secrets that begin alike, the shorter is blanked first, and the end of the longer is left."""

    @broken("redaction:texts_of")
    def _(old, secrets):
        return old(secrets)[::-1]


def secret_told_line_by_line():
    """A line of a secret that has several is kept and told as it is."""

    @broken("redaction:lines_of")
    def _(old, secret):
        return []


def ends_of_lines_changed():
    """A secret of several lines reaches a step with other ends of its lines."""

    @broken("orchestrator.workflow:vaults.get")
    def _(old, *given):
        return old(*given).replace("\r\n", "\n")


def first_line_only():
    """Of a secret of several lines, the first reaches a step."""

    @broken("orchestrator.workflow:vaults.get")
    def _(old, *given):
        return old(*given).split("\n")[0]


def first_secret_blanked_alone():
    """Of the secrets that a step was handed the first alone is blanked."""

    @broken("worker.context:Context.blanked_resource")
    def _(old, context, data):
        return blanked(data, context._secrets[:1])
