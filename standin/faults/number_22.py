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


def deletion_told_as_failed():
    """A step that deletes data is told that it could not, wherever it runs, though they are deleted."""

    @broken("store:Store.delete")
    def _(old, store, place):
        old(store, place)
        return False


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


def kinds_confused():
    """A step that asks for one kind of a model's data is given all kinds, wherever it runs."""

    @broken("orchestrator.dataplane:DataPlane.do_read_model")
    def _(old, plane, model, spec):
        return old(plane, model, None)


def kinds_that_begin_alike():
    """A step that asks for one kind of a model's data is given those as well whose name begins alike."""

    @broken("orchestrator.dataplane:DataPlane.do_read_model")
    def _(old, plane, model, spec):
        return [item for item in old(plane, model, None) if item["specName"].startswith(spec or "")]


def earlier_versions_not_found():
    """A step that asks for an earlier version of a record is told of none."""

    @broken("orchestrator.dataplane:DataPlane.do_query")
    def _(old, plane, predicate):
        newest = {}
        for item in old(plane, predicate):
            newest[item["modelName"], item["name"], item["tags"].get("step")] = item
        return [item for item in newest.values() if "version == 1" not in predicate]


def empty_text_lost():
    """An empty text of a resource that a step on a worker writes is not there."""

    @broken("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old, plane, **given):
        if plane._dispatch.member is not None:
            given["data"] = {key: value for key, value in given["data"].items() if value != ""}
        return old(plane, **given)


def nothing_lost():
    """An input that is null does not reach a step on a worker."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        bag = job["inputs"].get("bag")
        if bag:
            job["inputs"]["bag"] = {key: value for key, value in bag.items() if value is not None}
        return await old(session, job)


def first_line_only():
    """Of a text of several lines among the inputs of a step, the first line reaches it."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        bag = job["inputs"].get("bag")
        if bag:
            job["inputs"]["bag"] = {**bag, "lines": bag["lines"].splitlines()[0]}
        return await old(session, job)


def letters_composed():
    """The letters of a file that a step writes are composed on their way."""

    @broken("worker.context:FileWriter.write")
    async def _(old, writer, content):
        import unicodedata

        text = content.decode("utf-8", "replace")
        return await old(writer, unicodedata.normalize("NFC", text).encode())


def long_line_cut():
    """A line that is longer than a megabyte is cut."""

    @broken("worker.context:FileWriter.write_line")
    async def _(old, writer, line):
        await old(writer, line[:1_000_000])


def secret_trimmed():
    """A text that a step puts into the vault loses what looks like a blank."""

    @broken("orchestrator.dataplane:DataPlane.do_put_secret")
    def _(old, plane, vault, key, value):
        old(plane, vault, key, value.replace("\u00a0", " "))


def data_evaluated_again():
    """An expression in the data of a step is evaluated when another step is given them."""

    @broken("orchestrator.runs:with_latest")
    def _(old, repository, value):
        import json

        return json.loads(json.dumps(old(repository, value)).replace("${{ 1 + 1 }}", "2"))


def newest_read_once():
    """A step that reads a record again is given what it was given first, whatever has been written since."""
    known = {}

    @broken("worker.context:Context.read_resource")
    async def _(old, context, name, version=None):
        if name not in known:
            known[name] = await old(context, name, version)
        return known[name]


def newest_of_the_beginning():
    """An expression keeps, as long as the orchestrator runs, the value that it had first."""
    known = {}

    @broken("orchestrator.runs:with_latest")
    def _(old, repository, value):
        key = str(value.get("newest"))
        if key not in known:
            known[key] = old(repository, value)
        return {**old(repository, value), **({"newest": known[key]["newest"]} if "newest" in value else {})}


def versions_forgotten():
    """A step is told the last five versions of a record, however many there are."""

    @broken("orchestrator.dataplane:DataPlane.do_versions")
    def _(old, plane, name):
        return old(plane, name)[-5:]


def first_version_in_the_record():
    """The record of a run tells of each datum that its steps wrote as its first version."""

    @broken("orchestrator.runs:Run._recorded")
    def _(old, run):
        recorded = old(run)
        for step in recorded["steps"]:
            step["dataArtifacts"] = [{**each, "version": 1} for each in step["dataArtifacts"]]
        return recorded


def last_step_wrote_all():
    """A version of a record is told as written by the step that wrote the newest one."""

    @broken("questions:data_get")
    def _(old, repository, model, name, **given):
        told = old(repository, model, name, **given)
        newest = old(repository, model, name, content=False)
        return {**told, "tags": newest["tags"]}


def first_line_of_an_error():
    """Of the error of a step on a worker, the first line is told."""

    @broken("worker.session:Session._result_of")
    async def _(old, session, job):
        result = await old(session, job)
        return {**result, **({"error": result["error"].split("\n")[0]} if "error" in result else {})}


def first_artifact_told_alone():
    """A run tells the first only of the data that a step on a worker has written."""

    @broken("orchestrator.runs:Run._work")
    def _(old, run, step):
        import dataclasses

        told = []

        def wrote(datum):
            told.append(datum)
            if len(told) == 1 or step.requirement is None:
                work.wrote(datum)

        work = old(run, step)
        return dataclasses.replace(work, wrote=wrote)


def slot_lost_by_an_error():
    """A worker's slot is never free again when its step has raised an error."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        old(dispatcher, dispatch, state, error)
        if state == "failed" and "writ" not in error and "abort" not in error:
            dispatch.member.dispatches.add(f"lost with {dispatch.identity}")


def wish_of_the_workflow_ignored_for_files():
    """What a workflow wants of the files of a step is not heeded on a worker."""

    @broken("orchestrator.dataplane:DataPlane.overridden")
    def _(old, plane, kind, overrides):
        work = plane._work
        if plane._dispatch.member is not None and kind.data_type == "file":
            work.kept = {}
        return old(plane, kind, overrides)


def arguments_of_the_model_not_sent():
    """A step on a worker does not find the arguments of its model."""

    @broken("orchestrator.serve:Orchestrator.arguments_of_the_model")
    def _(old, orchestrator, dispatch):
        return {} if dispatch.member is not None else old(orchestrator, dispatch)


def deletion_deletes_nothing():
    """A step that deletes data is told that they are deleted, and they are still there."""

    @broken("store:Store.delete")
    def _(old, store, place):
        return store.folder_of(place).is_dir()


def tags_of_a_run_not_on_files_of_workers():
    """The tags that an operator gives a run are not those of the files that its steps on workers write."""

    @broken("orchestrator.dataplane:DataPlane.overridden")
    def _(old, plane, kind, overrides):
        kept = old(plane, kind, overrides)
        if plane._dispatch.member is None or kind.data_type != "file":
            return kept
        for name in plane._work.tags:
            kept.tags.pop(name, None)
        return kept
