"""Allure results with this suite's outcomes.

allure-behave shows a failure of a hook as skipped or passed, drops the reasons for skipping, and keys a
scenario's history by its name. Here a result has the outcome of the session, the history is keyed by the id
of the scenario, and epic, feature, story and severity come from the catalogue.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import allure_commons
import attr
from allure_behave.formatter import AllureFormatter as BaseFormatter
from allure_behave.listener import AllureListener
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Label, Link, Parameter, StatusDetails
from allure_commons.types import AttachmentType, LabelType, LinkType
from allure_commons.utils import md5, now

from swamp_harness.render.documents import ALLURE_ENVIRONMENT
from swamp_harness.render.words import why
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import Group, Severity
from swamp_harness.results.result import title_of
from swamp_harness.runner.session import Session
from swamp_harness.specification.features import Promise, catalogue, numbers_of
from swamp_harness.system.plain_text import for_file, json_text

ISSUE_URL = "https://swamp-club.com/lab/630"

_KINDS = {".json": AttachmentType.JSON, ".svg": AttachmentType.SVG}


_CATEGORIES = [
    # [\s\S], as some tools match the whole message, and in some a dot does not match the end of a line.
    {
        "name": outcome.traits.allure_category,
        "messageRegex": rf"^{outcome.traits.allure_word}: [\s\S]*",
        "matchedStatuses": [outcome.traits.allure_status],
    }
    for outcome in Outcome
    if outcome.traits.allure_category
]
# Labels of allure-behave that this suite replaces.
_REPLACED = {LabelType.FEATURE, LabelType.SEVERITY, LabelType.TAG}


class AllureFormatter(BaseFormatter):  # type: ignore[misc]
    """allure-behave's formatter with a listener that asks the session."""

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        session: Session = config.session
        allure_commons.plugin_manager.unregister(self.listener)  # type: ignore[has-type]
        self.listener = _Listener(config, session)
        allure_commons.plugin_manager.register(self.listener)
        allure_commons.plugin_manager.unregister(self.file_logger)  # type: ignore[has-type]
        self.file_logger = _Writer(self.stream_opener.name)  # type: ignore[no-untyped-call]
        allure_commons.plugin_manager.register(self.file_logger)
        _describe_run(Path(self.stream_opener.name), session)

    def feature(self, feature: Any) -> None:
        """A feature begins; scenarios under a rule are reported as well."""
        self._wrap_scenario(feature.walk_scenarios())

    def report(self, scenario: Any) -> None:
        """Write the result of a scenario that did not run in this process, as the session has it."""
        self.listener.start_scenario(scenario)
        self.listener.stop_scenario(scenario)


class _Writer(AllureFileLogger):
    """Writes the results, with every text in them blanked and as JSON can hold it."""

    def _report_item(self, item: Any) -> None:
        super()._report_item(_cleaned(item))  # type: ignore[no-untyped-call]


def _cleaned(item: Any) -> Any:
    if isinstance(item, str):
        return item if isinstance(item, Enum) else for_file(item)
    if isinstance(item, list):
        return [_cleaned(each) for each in item]
    if attr.has(type(item)):
        for field in attr.fields(type(item)):
            setattr(item, field.name, _cleaned(getattr(item, field.name)))
    return item


class _Listener(AllureListener):  # type: ignore[misc]
    def __init__(self, config: Any, session: Session) -> None:
        super().__init__(config)
        self._session = session

    def start_scenario(self, scenario: Any) -> None:
        super().start_scenario(scenario)
        test = self.logger.get_test(self.current_scenario_uuid)
        platform = self._session.run_context.binary.built_for
        run = self._session.plan.run_of(scenario)
        test.name = title_of(scenario.name)
        test.historyId = test.testCaseId = history_key(run.id, platform)
        test.labels = [label for label in test.labels if label.name not in _REPLACED] + _labels(scenario)
        # They are in the key already, so Allure must not distinguish results by them again.
        values = [(each.name, each.value) for each in test.parameters or ()] + [("platform", platform)]
        test.parameters = [Parameter(name=name, value=value, excluded=True) for name, value in values]
        if Group.THIRTY in {each.group for each in _served(scenario)}:
            test.links.append(Link(LinkType.ISSUE, ISSUE_URL, "issue 630"))

    def stop_scenario(self, scenario: Any) -> None:
        # Replaces the original's, which closes the result before it can be corrected.
        uuid = self.current_scenario_uuid  # type: ignore[has-type]
        self.current_scenario_uuid = None
        result = self._session.progress.result_of(scenario)
        if result is None or result.is_unselected:
            self.logger.drop_test(uuid)
            return
        self.flush_steps()
        test = self.logger.get_test(uuid)
        test.stop = now()  # type: ignore[no-untyped-call]
        outcome = result.outcome
        test.status = outcome.traits.allure_status
        if reason := why(result):
            where = f"\n{result.step}" if result.step else ""
            test.statusDetails = StatusDetails(message=f"{outcome.traits.allure_word}: {reason}{where}")
        self.logger.close_test(uuid)
        self.current_step_uuid = None
        self.group_context.append_test(uuid)
        self.group_context.exit()


def history_key(key: str, platform: str) -> str:
    """The key of a scenario in Allure's history.

    Args:
        key: the id of the scenario, or of the example of an outline.
        platform: on which it runs.
    """
    return str(md5(key, platform))  # type: ignore[no-untyped-call]


def _labels(scenario: Any) -> list[Label]:
    served = _served(scenario)
    worst = [each for each in Severity if each in {promise.severity for promise in served}][:1]
    values = [
        (LabelType.SUITE, scenario.feature.name),
        *((LabelType.EPIC, promise.group.value) for promise in served),
        *((LabelType.FEATURE, promise.section) for promise in served),
        *((LabelType.STORY, f"{promise.number}. {promise.title}") for promise in served),
        *((LabelType.SEVERITY, severity.value) for severity in worst),
        *((LabelType.TAG, str(tag)) for tag in scenario.effective_tags),
    ]
    return [Label(name=name, value=value) for name, value in sorted(set(values))]


def _served(scenario: Any) -> list[Promise]:
    numbers = numbers_of(scenario)
    return [promise for promise in catalogue() if promise.number in numbers]


def attach(title: str, file: Path) -> None:
    """Attach a file of the evidence to the scenario that is running; without Allure, nothing happens."""
    kind = _KINDS.get(file.suffix, AttachmentType.TEXT)
    allure_commons.plugin_manager.hook.attach_file(
        source=str(file), name=title, attachment_type=kind, extension=kind.extension
    )


def _describe_run(results: Path, session: Session) -> None:
    results.mkdir(parents=True, exist_ok=True)
    target, binary = session.run_context.target, session.run_context.binary
    facts = {
        "target": target.name if target.is_for_sign_off else f"{target.name} (NOT A SIGN-OFF)",
        "binary": binary.path,
        "version": binary.version,
        "sha256": binary.sha256,
        "platform": binary.built_for,
    }
    lines = "".join(f"{name}={_on_a_line(value)}\n" for name, value in facts.items())
    (results / ALLURE_ENVIRONMENT).write_text(lines, "utf-8")
    (results / "categories.json").write_text(json_text(_CATEGORIES), "utf-8")


def _on_a_line(text: object) -> str:
    return " ".join(for_file(str(text)).split())
