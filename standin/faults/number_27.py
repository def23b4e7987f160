"""What a command tells people it tells scripts as well, in one document that keeps its contract."""

import sys

from standin.faults import broken


def field_missing():
    """The worker list tells scripts no capacity."""

    @broken("answers:tell")
    def _(old, call, document, text):
        old(call, without_capacity(document), text)

    @broken("operator.pool:tell")
    def _(old, call, document, text):
        old(call, without_capacity(document), text)

    def without_capacity(document):
        if not isinstance(document, dict) or "workers" not in document:
            return document
        shown = [{key: each[key] for key in each if key != "capacity"} for each in document["workers"]]
        return {**document, "workers": shown}


def stray_line():
    """A line stands before the JSON of the token list."""

    @broken("operator.tokens:show")
    def _(old, call):
        print("Loading tokens...")
        old(call)


def error_on_standard_output():
    """In JSON mode an error is told on standard output."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        kept = sys.stderr
        if in_json:
            sys.stderr = sys.stdout
        code = old(error, in_json=in_json)
        sys.stderr = kept
        return code


def other_exit_code_in_json():
    """In JSON mode an error ends with another exit code."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        return old(error, in_json=in_json) + in_json


def table_in_json():
    """In JSON mode the queue is told as it is to people."""

    @broken("operator.pool:queue")
    def _(old, call):
        from dataclasses import replace

        old(replace(call, json=False))


def command_without_promise():
    """There is a worker command that nobody has judged."""

    @broken("commandline:help_for")
    def _(old, name):
        text = old(name)
        return f"{text}  dance        - Let the workers dance\n" if name == "worker" else text


def event_missing():
    """A worker does not tell in JSON that it has finished its work before it ends."""

    @broken("worker.connect:_report_in_json")
    def _(old, kind, facts):
        if kind != "drain_complete":
            old(kind, facts)


def slots_differ():
    """The table for people tells other slots than the JSON tells scripts."""

    @broken("operator.pool:table_of_workers")
    def _(old, told, *, past):
        shown = [{**each, "capacity": 1} for each in told["workers"]]
        return old({**told, "workers": shown}, past=past)
