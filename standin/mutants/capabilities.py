"""Mutants of what a step on a worker can do.

Promise 22: A step on a worker gets the same answers and writes the same data as one on the orchestrator.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Dispatch, Dispatcher, Work
    from standin.orchestrator.runs import Run
    from standin.orchestrator.serve import Orchestrator
    from standin.orchestrator.workflow import Step
    from standin.repository import Repository
    from standin.store import Datum, Draft, Kind, Place, Store
    from standin.worker.context import Context, FileWriter, Handle
    from standin.worker.session import Session


@mutant(22)
def methods_asked_for_do_not_run() -> None:
    """The method that a step on a worker asks for at its end does not run."""

    @replaces("orchestrator.serve:Orchestrator.methods_after")
    def _(
        old: Callable[[Orchestrator, Work], Sequence[str]], orchestrator: Orchestrator, work: Work
    ) -> Sequence[str]:
        return ()


@mutant(22)
def placed_removal_leaves_its_resources() -> None:
    """The resources of a model stay when a method that removes them has ended on a worker."""

    @replaces("orchestrator.serve:Orchestrator.mark_as_deleted")
    def _(
        old: Callable[[Orchestrator, Work, Step], None], orchestrator: Orchestrator, work: Work, step: Step
    ) -> None:
        if step.requirement is None:
            old(orchestrator, work, step)


@mutant(22)
def tags_of_the_model_first() -> None:
    """Where a run and a model have a tag of one name, data has that of the model."""

    @replaces("orchestrator.runs:Run.tags_for")
    def _(old: Callable[[Run, Step], dict[str, str]], run: Run, step: Step) -> dict[str, str]:
        return {**old(run, step), **run._repository.tags_of_model(step.model)}


@mutant(22)
def tags_of_the_model_dropped() -> None:
    """The data of a step on a worker do not get the tags of its model."""

    @replaces("repository:Repository.tags_of_model")
    def _(
        old: Callable[[Repository, str], dict[str, str]], repository: Repository, name: str
    ) -> dict[str, str]:
        return {}


@mutant(22)
def tags_of_the_workflow_dropped() -> None:
    """The data of a run do not get the tags of its workflow."""

    @replaces("orchestrator.runs:Run.tags_of_workflow")
    def _(old: Callable[[Run], dict[str, str]], run: Run) -> dict[str, str]:
        return {}


@mutant(22)
def tags_dropped() -> None:
    """The tags that an author gives are dropped on a worker."""

    @replaces("orchestrator.dataplane:DataPlane.overridden")
    def _(
        old: Callable[[DataPlane, Kind, dict[str, Any]], Kind],
        plane: DataPlane,
        kind: Kind,
        overrides: dict[str, Any],
    ) -> Kind:
        placed = plane._dispatch.member is not None
        return old(plane, kind, {**overrides, "tags": {}} if placed else overrides)


@mutant(22)
def lifetime_dropped() -> None:
    """The lifetime that an author gives is dropped on a worker."""

    @replaces("orchestrator.dataplane:DataPlane.overridden")
    def _(
        old: Callable[[DataPlane, Kind, dict[str, Any]], Kind],
        plane: DataPlane,
        kind: Kind,
        overrides: dict[str, Any],
    ) -> Kind:
        placed = plane._dispatch.member is not None
        kept = {key: value for key, value in overrides.items() if key != "lifetime"}
        return old(plane, kind, kept if placed else overrides)


@mutant(22)
def empty_lines_lost() -> None:
    """An empty line that a step on a worker writes is lost."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_line")
    def _(
        old: Callable[[DataPlane, str, str, str, bool, dict[str, Any]], Any],
        plane: DataPlane,
        spec: str,
        name: str,
        line: str,
        first: bool,
        overrides: dict[str, Any],
    ) -> Any:
        if plane._dispatch.member is None or line:
            return old(plane, spec, name, line, first, overrides)
        latest = plane._store.latest(plane._place(name))
        assert latest is not None
        return plane._handle(latest.facts, plane._description.files["lines"], None)


@mutant(22)
def bytes_taken_for_text() -> None:
    """The bytes of a file are decoded as text and encoded again on their way from a worker."""

    @replaces("orchestrator.dataplane:DataPlane._take")
    def _(old: Callable[[DataPlane, bytes], None], plane: DataPlane, piece: bytes) -> None:
        old(plane, piece.decode("utf-8", "replace").encode() if plane._dispatch.member is not None else piece)


@mutant(22)
def deletion_told_as_failed() -> None:
    """A step on any machine that deletes data gets an error, though the data is deleted."""

    @replaces("store:Store.delete")
    def _(old: Callable[[Store, Place], bool], store: Store, place: Place) -> bool:
        old(store, place)
        return False


@mutant(22)
def properties_unknown() -> None:
    """A step on a worker does not learn the size and the checksum of data that it finds."""

    @replaces("orchestrator.dataplane:DataPlane.do_find")
    def _(
        old: Callable[[DataPlane, str, int | None], dict[str, Any] | None],
        plane: DataPlane,
        name: str,
        version: int | None,
    ) -> dict[str, Any] | None:
        found = old(plane, name, version)
        if found is None or plane._dispatch.member is None:
            return found
        return {key: fact for key, fact in found.items() if key not in ("size", "checksum")}


@mutant(22)
def models_of_a_type_unknown() -> None:
    """A step on a worker finds a model by its name, but not by its type and name."""

    @replaces("orchestrator.dataplane:DataPlane.do_definition")
    def _(
        old: Callable[[DataPlane, str, str], str | None], plane: DataPlane, name: str, model_type: str
    ) -> str | None:
        return None if model_type and plane._dispatch.member is not None else old(plane, name, model_type)


@mutant(22)
def deletion_forgotten() -> None:
    """Data that a step on a worker deletes still exists."""

    @replaces("orchestrator.dataplane:DataPlane.do_delete_resource")
    def _(old: Callable[[DataPlane, str], None], plane: DataPlane, name: str) -> None:
        if plane._dispatch.member is None:
            old(plane, name)


@mutant(22)
def newest_version_deleted_alone() -> None:
    """A step on a worker that deletes a resource deletes its newest version only."""

    @replaces("orchestrator.dataplane:DataPlane.do_delete_resource")
    def _(old: Callable[[DataPlane, str], None], plane: DataPlane, name: str) -> None:
        versions = plane._store.versions(plane._place(name))
        if plane._dispatch.member is not None and versions[1:]:
            plane._store.forget_version(plane._place(name), versions[-1])
        else:
            old(plane, name)


@mutant(22)
def every_version_deleted() -> None:
    """A step on a worker that deletes one version of a resource deletes all its versions."""

    @replaces("orchestrator.dataplane:DataPlane.do_delete_version")
    def _(old: Callable[[DataPlane, str, int], None], plane: DataPlane, name: str, version: int) -> None:
        old(plane, name, version)
        if plane._dispatch.member is not None:
            plane._store.delete(plane._place(name))


@mutant(22)
def secret_not_kept() -> None:
    """A secret that a step on a worker puts into the vault is not stored."""

    @replaces("orchestrator.dataplane:DataPlane.do_put_secret")
    def _(
        old: Callable[[DataPlane, str, str, str], None], plane: DataPlane, vault: str, key: str, value: str
    ) -> None:
        if plane._dispatch.member is None:
            old(plane, vault, key, value)


@mutant(22)
def blanks_of_a_secret_cut() -> None:
    """A secret that a step on a worker puts into the vault loses the blanks at its ends."""

    @replaces("orchestrator.dataplane:DataPlane.do_put_secret")
    def _(
        old: Callable[[DataPlane, str, str, str], None], plane: DataPlane, vault: str, key: str, value: str
    ) -> None:
        old(plane, vault, key, value if plane._dispatch.member is None else value.strip())


@mutant(22)
def other_models_unread() -> None:
    """A step on a worker cannot read the data of other models."""

    @replaces("orchestrator.dataplane:DataPlane.do_read_model")
    def _(
        old: Callable[[DataPlane, str, str | None], list[dict[str, Any]]],
        plane: DataPlane,
        model: str,
        spec: str | None,
    ) -> list[dict[str, Any]]:
        return old(plane, model, spec) if plane._dispatch.member is None else []


@mutant(22)
def error_in_other_words() -> None:
    """A step on a worker gets an error message with another wording."""

    @replaces("orchestrator.dataplane:DataPlane._kind")
    def _(old: Callable[..., Kind], plane: DataPlane, *given: Any, **named: Any) -> Kind:
        from standin.errors import UserError

        try:
            return old(plane, *given, **named)
        except UserError as error:
            if plane._dispatch.member is None:
                raise
            raise UserError(f"Data plane POST failed (400): {error}") from error


@mutant(22)
def handle_without_metadata() -> None:
    """The handle of data that a step on a worker writes has no metadata."""

    @replaces("orchestrator.dataplane:DataPlane._handle")
    def _(old: Callable[..., dict[str, Any]], plane: DataPlane, *given: Any, **named: Any) -> dict[str, Any]:
        handle = old(plane, *given, **named)
        return handle if plane._dispatch.member is None else {**handle, "metadata": {}}


@mutant(22)
def sensitive_field_in_plain() -> None:
    """A sensitive field that a step on a worker writes is kept in the resource itself."""

    @replaces("orchestrator.dataplane:DataPlane._guard")
    def _(
        old: Callable[[DataPlane, str, str, Any], Any], plane: DataPlane, spec: str, name: str, data: Any
    ) -> Any:
        return old(plane, spec, name, data) if plane._dispatch.member is None else data


@mutant(22)
def own_sensitive_field_unreadable() -> None:
    """A step on a worker reads the reference of its own sensitive field instead of its value."""

    @replaces("orchestrator.dataplane:DataPlane._revealed")
    def _(old: Callable[[DataPlane, Any], Any], plane: DataPlane, content: Any) -> Any:
        return old(plane, content) if plane._dispatch.member is None else content


@mutant(22)
def numbers_rounded() -> None:
    """The numbers of a resource that a step on a worker writes are rounded."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(
        old: Callable[[DataPlane, str, str, Any, dict[str, Any]], dict[str, Any]],
        plane: DataPlane,
        spec: str,
        name: str,
        data: Any,
        overrides: dict[str, Any],
    ) -> dict[str, Any]:
        if plane._dispatch.member is not None and isinstance(data.get("number"), float):
            data = {**data, "number": int(data["number"])}
        return old(plane, spec, name, data, overrides)


@mutant(22)
def more_versions_kept() -> None:
    """All versions of a resource that a step on a worker writes many times are kept."""

    @replaces("orchestrator.dataplane:DataPlane.overridden")
    def _(
        old: Callable[[DataPlane, Kind, dict[str, Any]], Kind],
        plane: DataPlane,
        kind: Kind,
        overrides: dict[str, Any],
    ) -> Kind:
        placed = plane._dispatch.member is not None
        return old(plane, kind, {**overrides, "garbageCollection": 10} if placed else overrides)


@mutant(22)
def expressions_not_understood() -> None:
    """A step on any machine gets an error for a function in an expression."""

    @replaces("worker.context:Context.evaluate")
    def _(
        old: Callable[[Context, str, Mapping[str, Any]], Any],
        context: Context,
        expression: str,
        values: Mapping[str, Any],
    ) -> Any:
        return {"error": "unknown function"} if "(" in expression else old(context, expression, values)


@mutant(22)
def other_models_read_as_empty() -> None:
    """A step on any machine gets no data of other models."""

    @replaces("orchestrator.dataplane:DataPlane.do_read_model")
    def _(
        old: Callable[[DataPlane, str, str | None], list[dict[str, Any]]],
        plane: DataPlane,
        model: str,
        spec: str | None,
    ) -> list[dict[str, Any]]:
        return []


@mutant(22)
def expressions_worth_something_else() -> None:
    """An expression has another value on a worker."""

    @replaces("worker.context:Context.evaluate")
    def _(
        old: Callable[[Context, str, Mapping[str, Any]], Any],
        context: Context,
        expression: str,
        values: Mapping[str, Any],
    ) -> Any:
        import os

        answer = old(context, expression, values)
        return {"answer": str(answer)} if os.environ.get("UAT_WORKER") else answer


@mutant(22)
def files_of_one_kind_share_a_path() -> None:
    """Two files of one kind that a step writes by their paths at the same time are one file."""

    @replaces("worker.context:spool_name")
    def _(old: Callable[[str], str], spec: str) -> str:
        return spec


@mutant(22)
def files_of_one_kind_share_a_path_on_workers() -> None:
    """Two files of one kind that a step on a worker writes by their paths at the same time are one file."""

    @replaces("worker.context:spool_name")
    def _(old: Callable[[str], str], spec: str) -> str:
        import os

        return spec if os.environ.get("UAT_WORKER") else old(spec)


@mutant(22)
def first_read_repeated() -> None:
    """A step that reads a resource again is given what it read first, though it has written since."""

    @replaces("worker.context:Context.read_resource")
    async def _(
        old: Callable[[Context, str, int | None], Awaitable[Any]],
        context: Context,
        name: str,
        version: int | None = None,
    ) -> Any:
        known = vars(context).setdefault("known", {})
        if (name, version) not in known:
            known[name, version] = await old(context, name, version)
        return known[name, version]


@mutant(22)
def kinds_confused() -> None:
    """A step on any machine that asks for one kind of a model's data gets all kinds."""

    @replaces("orchestrator.dataplane:DataPlane.do_read_model")
    def _(
        old: Callable[[DataPlane, str, str | None], list[dict[str, Any]]],
        plane: DataPlane,
        model: str,
        spec: str | None,
    ) -> list[dict[str, Any]]:
        return old(plane, model, None)


@mutant(22)
def kinds_that_begin_alike() -> None:
    """A step that asks for one kind of a model's data also gets kinds whose name begins with its name."""

    @replaces("orchestrator.dataplane:DataPlane.do_read_model")
    def _(
        old: Callable[[DataPlane, str, str | None], list[dict[str, Any]]],
        plane: DataPlane,
        model: str,
        spec: str | None,
    ) -> list[dict[str, Any]]:
        return [item for item in old(plane, model, None) if item["specName"].startswith(spec or "")]


@mutant(22)
def earlier_versions_not_found() -> None:
    """A step that asks for an earlier version of a record finds none."""

    @replaces("orchestrator.dataplane:DataPlane.do_query")
    def _(
        old: Callable[[DataPlane, str], list[dict[str, Any]]], plane: DataPlane, predicate: str
    ) -> list[dict[str, Any]]:
        newest = {}
        for item in old(plane, predicate):
            newest[item["modelName"], item["name"], item["tags"].get("step")] = item
        return [item for item in newest.values() if "version == 1" not in predicate]


@mutant(22)
def empty_text_lost() -> None:
    """An empty text in a resource that a step on a worker writes is dropped."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(
        old: Callable[[DataPlane, str, str, Any, dict[str, Any]], dict[str, Any]],
        plane: DataPlane,
        spec: str,
        name: str,
        data: Any,
        overrides: dict[str, Any],
    ) -> dict[str, Any]:
        if plane._dispatch.member is not None:
            data = {key: value for key, value in data.items() if value != ""}
        return old(plane, spec, name, data, overrides)


@mutant(22)
def nothing_lost() -> None:
    """An input that is null does not reach a step on a worker."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        bag = job["inputs"].get("bag")
        if bag:
            job["inputs"]["bag"] = {key: value for key, value in bag.items() if value is not None}
        return await old(session, job)


@mutant(22)
def first_line_only() -> None:
    """Only the first line of an input with several lines reaches a step on a worker."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        bag = job["inputs"].get("bag")
        if bag:
            job["inputs"]["bag"] = {**bag, "lines": bag["lines"].splitlines()[0]}
        return await old(session, job)


@mutant(22)
def letters_composed() -> None:
    """The letters of a file that a step writes are normalised to their composed form."""

    @replaces("worker.context:FileWriter.write")
    async def _(
        old: Callable[[FileWriter, bytes], Awaitable[Handle]], writer: FileWriter, content: bytes | memoryview
    ) -> Handle:
        import unicodedata

        text = bytes(content).decode("utf-8", "replace")
        return await old(writer, unicodedata.normalize("NFC", text).encode())


@mutant(22)
def long_line_cut() -> None:
    """A line that is longer than a megabyte is cut."""

    @replaces("worker.context:FileWriter.write_line")
    async def _(old: Callable[[FileWriter, str], Awaitable[None]], writer: FileWriter, line: str) -> None:
        await old(writer, line[:1_000_000])


@mutant(22)
def secret_trimmed() -> None:
    """The non-breaking spaces of a text that a step puts into the vault become ordinary spaces."""

    @replaces("orchestrator.dataplane:DataPlane.do_put_secret")
    def _(
        old: Callable[[DataPlane, str, str, str], None], plane: DataPlane, vault: str, key: str, value: str
    ) -> None:
        old(plane, vault, key, value.replace("\u00a0", " "))


@mutant(22)
def data_evaluated_again() -> None:
    """An expression in the data of a step is evaluated when another step reads it."""

    @replaces("orchestrator.runs:with_latest")
    def _(old: Callable[[Repository, Any], Any], repository: Repository, value: Any) -> Any:
        import json

        return json.loads(json.dumps(old(repository, value)).replace("${{ 1 + 1 }}", "2"))


@mutant(22)
def newest_read_once() -> None:
    """A step that reads a record again gets the first answer, even if the record has changed since."""
    known = {}

    @replaces("worker.context:Context.read_resource")
    async def _(
        old: Callable[[Context, str, int | None], Awaitable[Any]],
        context: Context,
        name: str,
        version: int | None = None,
    ) -> Any:
        if name not in known:
            known[name] = await old(context, name, version)
        return known[name]


@mutant(22)
def newest_of_the_beginning() -> None:
    """An expression keeps its first value as long as the orchestrator runs."""
    known = {}

    @replaces("orchestrator.runs:with_latest")
    def _(old: Callable[[Repository, Any], Any], repository: Repository, value: Any) -> Any:
        key = str(value.get("newest"))
        if key not in known:
            known[key] = old(repository, value)
        return {**old(repository, value), **({"newest": known[key]["newest"]} if "newest" in value else {})}


@mutant(22)
def versions_forgotten() -> None:
    """A step gets at most the last five versions of a record."""

    @replaces("orchestrator.dataplane:DataPlane.do_versions")
    def _(old: Callable[[DataPlane, str], list[int]], plane: DataPlane, name: str) -> list[int]:
        return old(plane, name)[-5:]


@mutant(22)
def first_version_in_the_record() -> None:
    """The record of a run lists each datum that its steps wrote as its first version."""

    @replaces("orchestrator.runs:Run._recorded")
    def _(old: Callable[[Run], dict[str, Any]], run: Run) -> dict[str, Any]:
        recorded = old(run)
        for step in recorded["steps"]:
            step["dataArtifacts"] = [{**each, "version": 1} for each in step["dataArtifacts"]]
        return recorded


@mutant(22)
def last_step_wrote_all() -> None:
    """A version of a record is listed as written by the step that wrote the newest one."""

    @replaces("questions:data_get")
    def _(
        old: Callable[..., dict[str, Any]], repository: Repository, model: str, name: str, **given: Any
    ) -> dict[str, Any]:
        answer = old(repository, model, name, **given)
        newest = old(repository, model, name, content=False)
        return {**answer, "tags": newest["tags"]}


@mutant(22)
def first_line_of_an_error() -> None:
    """Only the first line of the error of a step on a worker is reported."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        return {**result, **({"error": result["error"].split("\n")[0]} if "error" in result else {})}


@mutant(22)
def first_artifact_told_alone() -> None:
    """A run lists only the first datum that a step on a worker has written."""

    @replaces("orchestrator.runs:Run._work")
    def _(old: Callable[[Run, Step], Work], run: Run, step: Step) -> Work:
        import dataclasses

        answer = []

        def wrote(datum: dict[str, Any]) -> None:
            answer.append(datum)
            if len(answer) == 1 or step.requirement is None:
                work.wrote(datum)

        work = old(run, step)
        return dataclasses.replace(work, wrote=wrote)


@mutant(22)
def slot_lost_by_an_error() -> None:
    """A worker's slot stays taken when its step has raised an error."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        old(dispatcher, dispatch, state, error)
        wrote_or_ended = "writ" in error or "abort" in error
        if state == "failed" and not wrote_or_ended and dispatch.member is not None:
            dispatch.member.dispatches.add(f"lost with {dispatch.identity}")


@mutant(22)
def wish_of_the_workflow_ignored_for_files() -> None:
    """The settings of a workflow for the files of a step are ignored on a worker."""

    @replaces("orchestrator.dataplane:DataPlane.overridden")
    def _(
        old: Callable[[DataPlane, Kind, dict[str, Any]], Kind],
        plane: DataPlane,
        kind: Kind,
        overrides: dict[str, Any],
    ) -> Kind:
        work = plane._work
        if plane._dispatch.member is not None and kind.data_type == "file":
            work.kept = {}
        return old(plane, kind, overrides)


@mutant(22)
def arguments_of_the_model_not_sent() -> None:
    """A step on a worker does not find the arguments of its model."""

    @replaces("orchestrator.serve:Orchestrator.arguments_of_the_model")
    def _(
        old: Callable[[Orchestrator, Dispatch], dict[str, Any]],
        orchestrator: Orchestrator,
        dispatch: Dispatch,
    ) -> dict[str, Any]:
        return {} if dispatch.member is not None else old(orchestrator, dispatch)


@mutant(22)
def deletion_deletes_nothing() -> None:
    """A step that deletes data gets a success, and the data is still there."""

    @replaces("store:Store.delete")
    def _(old: Callable[[Store, Place], bool], store: Store, place: Place) -> bool:
        return store.folder_of(place).is_dir()


@mutant(22)
def tags_of_a_run_not_on_files_of_workers() -> None:
    """Files that steps on workers write do not get the tags that an operator gives the run."""

    @replaces("orchestrator.dataplane:DataPlane.overridden")
    def _(
        old: Callable[[DataPlane, Kind, dict[str, Any]], Kind],
        plane: DataPlane,
        kind: Kind,
        overrides: dict[str, Any],
    ) -> Kind:
        kept = old(plane, kind, overrides)
        if plane._dispatch.member is None or kind.data_type != "file":
            return kept
        from dataclasses import replace

        return replace(
            kept, tags={name: tag for name, tag in kept.tags.items() if name not in plane._work.tags}
        )


@mutant(22)
def blank_lines_dropped() -> None:
    """The blank lines within a text that a step on a worker writes as lines are lost."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_line")
    def _(
        old: Callable[[DataPlane, str, str, str, bool, dict[str, Any]], Any],
        plane: DataPlane,
        spec: str,
        name: str,
        line: str,
        first: bool,
        overrides: dict[str, Any],
    ) -> Any:
        if plane._dispatch.member is not None and line:
            line = "\n".join(each for each in line.split("\n") if each)
        return old(plane, spec, name, line, first, overrides)


@mutant(22)
def query_limit_dropped() -> None:
    """A query of a step on a worker ignores its limit."""

    @replaces("worker.context:Context.up_to")
    def _(
        old: Callable[[Context, int | None, list[dict[str, Any]]], list[dict[str, Any]]],
        context: Context,
        limit: int | None,
        found: list[dict[str, Any]],
    ) -> list[dict[str, Any]]:
        return found


@mutant(22)
def run_record_takes_latest_version() -> None:
    """The record of a run lists each datum that a step on a worker wrote in its newest version."""

    @replaces("orchestrator.runs:Run._work")
    def _(old: Callable[[Run, Step], Work], run: Run, step: Step) -> Work:
        import dataclasses

        written: list[dict[str, Any]] = []

        def wrote(datum: dict[str, Any]) -> None:
            written.append(datum)
            for each in written:
                if each["name"] == datum["name"] and step.requirement is not None:
                    each["version"] = datum["version"]
            work.wrote(datum)

        work = old(run, step)
        return dataclasses.replace(work, wrote=wrote)


@mutant(22)
def versions_in_order_of_text() -> None:
    """A step on a worker is given the versions of a datum in the order of their digits: 10 before 2."""

    @replaces("orchestrator.dataplane:DataPlane.do_versions")
    def _(old: Callable[[DataPlane, str], list[int]], plane: DataPlane, name: str) -> list[int]:
        versions = old(plane, name)
        return versions if plane._dispatch.member is None else sorted(versions, key=str)


@mutant(22)
def version_ignored_in_search_by_id() -> None:
    """A step on a worker that looks up a version of a datum by its id is given the latest one."""

    @replaces("orchestrator.dataplane:DataPlane.do_find_by_id")
    def _(
        old: Callable[[DataPlane, str, int | None], dict[str, Any] | None],
        plane: DataPlane,
        identity: str,
        version: int | None,
    ) -> dict[str, Any] | None:
        return old(plane, identity, version if plane._dispatch.member is None else None)


@mutant(22)
def empty_inputs_replaced_by_defaults() -> None:
    """An input that is an empty text does not reach a step on a worker, which takes its default."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        job["inputs"] = {key: value for key, value in job["inputs"].items() if value != ""}
        return await old(session, job)


@mutant(22)
def returns_at_line_ends_lost() -> None:
    """A carriage return at the end of a line that a step on a worker writes is lost."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_line")
    def _(
        old: Callable[[DataPlane, str, str, str, bool, dict[str, Any]], Any],
        plane: DataPlane,
        spec: str,
        name: str,
        line: str,
        first: bool,
        overrides: dict[str, Any],
    ) -> Any:
        placed = plane._dispatch.member is not None
        return old(plane, spec, name, line.rstrip("\r") if placed else line, first, overrides)


# Promise 48: Data that a workflow keeps apart for each item is the same on a worker as on the orchestrator.


@mutant(48)
def data_of_items_mixed_on_workers() -> None:
    """A step on a worker writes the data of all items into one datum."""

    @replaces("orchestrator.dataplane:DataPlane.varied")
    def _(old: Callable[[DataPlane, str, str], str], plane: DataPlane, spec: str, name: str) -> str:
        return name if plane._dispatch.member is not None else old(plane, spec, name)


@mutant(48)
def data_of_items_mixed_on_the_orchestrator() -> None:
    """A step on the orchestrator writes the data of all items into one datum."""

    @replaces("orchestrator.dataplane:DataPlane.varied")
    def _(old: Callable[[DataPlane, str, str], str], plane: DataPlane, spec: str, name: str) -> str:
        return name if plane._dispatch.member is None else old(plane, spec, name)


@mutant(48)
def data_of_items_mixed_in_later_runs() -> None:
    """From the second run on, a step writes the data of all items into one datum."""

    @replaces("orchestrator.dataplane:DataPlane.varied")
    def _(old: Callable[[DataPlane, str, str], str], plane: DataPlane, spec: str, name: str) -> str:
        varied = old(plane, spec, name)
        return name if plane._store.versions(plane._place(varied)) else varied


@mutant(48)
def data_of_another_item_read() -> None:
    """A step that asks for the data of one item gets that of another one."""

    @replaces("orchestrator.workflow:with_latest")
    def _(old: Callable[[Repository, Any], Any], repository: Repository, value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace('["prod"]', '["dev"]')
        return old(repository, value)


@mutant(48)
def files_of_items_mixed_on_workers() -> None:
    """A step on a worker writes the files of all items into one file; its resources are kept apart."""

    @replaces("orchestrator.dataplane:DataPlane.varied")
    def _(old: Callable[[DataPlane, str, str], str], plane: DataPlane, spec: str, name: str) -> str:
        placed = plane._dispatch.member is not None
        return name if placed and spec in plane._description.files else old(plane, spec, name)


@mutant(48)
def last_value_keeps_data_apart() -> None:
    """Of several values that keep data apart, only the last one counts."""

    @replaces("orchestrator.dataplane:DataPlane.varied")
    def _(old: Callable[[DataPlane, str, str], str], plane: DataPlane, spec: str, name: str) -> str:
        keys = plane._work.kept.get(spec, {}).get("vary", [])
        return f"{name}-{plane._work.inputs[keys[-1]]}" if keys else old(plane, spec, name)


@mutant(48)
def long_values_cut() -> None:
    """Of a value that keeps data apart, only the first 16 characters count."""

    @replaces("orchestrator.dataplane:name_for_item")
    def _(old: Callable[[str, str], str], name: str, item: str) -> str:
        return old(name, item[:16])


@mutant(22)
def query_ends_after_a_hundred_data() -> None:
    """A query of a step returns the first hundred data only."""

    @replaces("orchestrator.dataplane:DataPlane.do_query")
    def _(
        old: Callable[[DataPlane, str], list[dict[str, Any]]], plane: DataPlane, predicate: str
    ) -> list[dict[str, Any]]:
        return old(plane, predicate)[:100]


@mutant(22)
def long_predicates_refused() -> None:
    """A query of a step on a worker fails if its predicate has more than 512 characters."""

    @replaces("orchestrator.dataplane:DataPlane.do_query")
    def _(
        old: Callable[[DataPlane, str], list[dict[str, Any]]], plane: DataPlane, predicate: str
    ) -> list[dict[str, Any]]:
        from standin.errors import UserError

        if len(predicate) > 512:
            raise UserError("Query predicate exceeds maximum length")
        return old(plane, predicate)


@mutant(22)
def deleted_version_used_again() -> None:
    """A new version of a file gets the number of a version that was deleted."""

    @replaces("store:Draft.keep")
    def _(old: Callable[[Draft, Place, Kind], Datum], draft: Draft, place: Place, kind: Kind) -> Datum:
        versions = draft._store.versions(place)
        number = len(versions) + 1
        if kind.data_type != "file" or number in versions or not draft.keep_as(place, kind, number):
            return old(draft, place, kind)
        datum = draft._store.version(place, number)
        assert datum is not None
        return datum
