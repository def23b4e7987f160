"""A step on a worker is given back the same as one on the orchestrator, and leaves the same behind."""

from standin.faults import broken


def tags_dropped():
    """The tags that an author gives are dropped on a worker."""

    @broken("orchestrator.dataplane:DataPlane.overridden")
    def _(old, plane, kind, overrides):
        placed = plane._dispatch.member is not None
        return old(plane, kind, {**overrides, "tags": {}} if placed else overrides)


def lifetime_dropped():
    """The lifetime that an author gives is dropped on a worker."""

    @broken("orchestrator.dataplane:DataPlane.overridden")
    def _(old, plane, kind, overrides):
        placed = plane._dispatch.member is not None
        kept = {key: value for key, value in overrides.items() if key != "lifetime"}
        return old(plane, kind, kept if placed else overrides)


def empty_lines_lost():
    """An empty line that a step on a worker writes is lost."""

    @broken("orchestrator.dataplane:DataPlane.do_write_line")
    def _(old, plane, **given):
        if plane._dispatch.member is None or given["line"]:
            return old(plane, **given)
        return plane._handle(
            plane._store.latest(plane._place(given["name"])).facts, plane._description.files["lines"], None
        )


def bytes_taken_for_text():
    """The bytes of a file go through a text on their way from a worker."""

    @broken("orchestrator.dataplane:DataPlane._take")
    def _(old, plane, piece):
        old(plane, piece.decode("utf-8", "replace").encode() if plane._dispatch.member is not None else piece)


def deletion_forgotten():
    """What a step on a worker deletes is still there."""

    @broken("orchestrator.dataplane:DataPlane.do_delete_resource")
    def _(old, plane, name):
        if plane._dispatch.member is None:
            old(plane, name)


def secret_not_kept():
    """What a step on a worker puts into the vault is not there."""

    @broken("orchestrator.dataplane:DataPlane.do_put_secret")
    def _(old, plane, vault, key, value):
        if plane._dispatch.member is None:
            old(plane, vault, key, value)


def other_models_unread():
    """A step on a worker cannot read the data of other models."""

    @broken("orchestrator.dataplane:DataPlane.do_read_model")
    def _(old, plane, model, spec):
        return old(plane, model, spec) if plane._dispatch.member is None else []


def error_in_other_words():
    """A mistake is told a step on a worker in other words."""

    @broken("orchestrator.dataplane:DataPlane._kind")
    def _(old, plane, *given):
        from standin.errors import UserError

        try:
            return old(plane, *given)
        except UserError as error:
            if plane._dispatch.member is None:
                raise
            raise UserError(f"Data plane POST failed (400): {error}") from error


def handle_without_metadata():
    """The handle of what a step on a worker writes tells no metadata."""

    @broken("orchestrator.dataplane:DataPlane._handle")
    def _(old, plane, *given):
        handle = old(plane, *given)
        return handle if plane._dispatch.member is None else {**handle, "metadata": {}}


def sensitive_field_in_plain():
    """A sensitive field that a step on a worker writes is kept in the resource itself."""

    @broken("orchestrator.dataplane:DataPlane._guard")
    def _(old, plane, spec, name, data):
        return old(plane, spec, name, data) if plane._dispatch.member is None else data


def own_sensitive_field_unreadable():
    """A step on a worker reads of its own sensitive field where it is kept, not what it is."""

    @broken("orchestrator.dataplane:DataPlane._revealed")
    def _(old, plane, content):
        return old(plane, content) if plane._dispatch.member is None else content


def numbers_rounded():
    """The numbers of a resource that a step on a worker writes are rounded."""

    @broken("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old, plane, **given):
        data = given["data"]
        if plane._dispatch.member is not None and isinstance(data.get("number"), float):
            given["data"] = {**data, "number": int(data["number"])}
        return old(plane, **given)


def more_versions_kept():
    """Of a resource that a step on a worker writes again and again, all versions are kept."""

    @broken("orchestrator.dataplane:DataPlane.overridden")
    def _(old, plane, kind, overrides):
        placed = plane._dispatch.member is not None
        return old(plane, kind, {**overrides, "garbageCollection": 10} if placed else overrides)


def expressions_not_understood():
    """No step understands a function in an expression, wherever it runs."""

    @broken("worker.context:Context.evaluate")
    def _(old, context, expression, values):
        return {"error": "unknown function"} if "(" in expression else old(context, expression, values)


def other_models_read_as_empty():
    """No step finds the data of other models, wherever it runs."""

    @broken("orchestrator.dataplane:DataPlane.do_read_model")
    def _(old, plane, model, spec):
        return []


def expressions_worth_something_else():
    """An expression is worth something else on a worker."""

    @broken("worker.context:Context.evaluate")
    def _(old, context, expression, values):
        import os

        told = old(context, expression, values)
        return {"answer": str(told)} if os.environ.get("UAT_WORKER") else told
