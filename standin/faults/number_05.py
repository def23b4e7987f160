"""A worker enrolls with its credential alone, and shows in the pool as it is."""

from standin.faults import broken


def labels_lost_in_json():
    """The worker list tells scripts no labels."""

    @broken("operator.pool:workers")
    def _(old, call):
        from standin import questions

        if call.json:
            told = questions.worker_list
            questions.worker_list = lambda repository, *, past: {
                **told(repository, past=past),
                "workers": [{**each, "labels": {}} for each in told(repository, past=past)["workers"]],
            }
        old(call)


def wrong_secret_enrolls():
    """The secret of a credential is not looked at."""

    @broken("tokens:check_secret")
    def _(old, repository, record, secret):
        pass


def stranger_leaves_a_trace():
    """Whoever presents a token that was never minted leaves a file of that name in the repository."""

    @broken("tokens:admit")
    def _(old, repository, credential, machine):
        from standin import tokens

        name, _ = tokens.split(credential)
        if tokens.record_of(repository, name) is None:
            repository.write(f"attempts/{name}.json", {"machine": machine})
        return old(repository, credential, machine)


def idle_shown_busy():
    """A worker that does nothing is shown as busy."""

    @broken("questions:worker_list")
    def _(old, repository, *, past):
        told = old(repository, past=past)
        shown = [{**each, "status": each["status"].replace("idle", "busy")} for each in told["workers"]]
        return {**told, "workers": shown}


def never_minted_enrolls():
    """A worker enrolls with a token that was never minted."""

    @broken("tokens:admit")
    def _(old, repository, credential, machine):
        from standin import tokens
        from standin.moments import after

        name, _ = tokens.split(credential)
        return (
            after(3600)
            if tokens.record_of(repository, name) is None
            else old(repository, credential, machine)
        )


def malformed_told_as_never_minted():
    """A credential that is malformed is told as one that was never minted."""

    @broken("tokens:split")
    def _(old, credential):
        name, _, secret = credential.partition(".")
        return name, secret


def label_cut():
    """The value of a label ends at the first equals sign in it."""

    @broken("worker.connect:label_in")
    def _(old, text):
        name, value = old(text)
        return name, value.partition("=")[0]


def nearly_right_secret_enrolls():
    """Of a secret only the first half is looked at."""

    @broken("tokens:check_secret")
    def _(old, repository, record, secret):
        from standin import vaults

        kept = vaults.get(repository, record["vaultName"], record["secretKey"])
        if kept[:32] != secret[:32]:
            old(repository, record, secret)


def wrong_secret_told_the_right_one():
    """A worker with a wrong secret is told the right one."""

    @broken("tokens:check_secret")
    def _(old, repository, record, secret):
        from standin import vaults
        from standin.tokens import Rejected

        try:
            old(repository, record, secret)
        except Rejected as error:
            kept = vaults.get(repository, record["vaultName"], record["secretKey"])
            raise Rejected(f"{error}, but {kept} does") from None
