"""Allure results that tell the truth about this suite.

allure-behave shows a failure of a hook as skipped or passed, drops the reasons for skipping, and follows a
scenario's history by its name. Here a result says what the session says, and history follows the number in
issue 630 together with the name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import allure_commons
from allure_behave.formatter import AllureFormatter as BaseFormatter
from allure_behave.listener import AllureListener
from allure_commons.model2 import Label, Link, Status, StatusDetails
from allure_commons.types import AttachmentType, LabelType, LinkType
from allure_commons.utils import md5, now

from swamp_harness.report.outcomes import NOT_SELECTED, Outcome, title_of
from swamp_harness.tools.session import Session

ISSUE_URL = "https://swamp-club.com/lab/630"

_STATUS = {
    Outcome.HELD: Status.PASSED,
    Outcome.BROKEN: Status.FAILED,
    Outcome.DEVIATION: Status.FAILED,
    Outcome.DEVIATION_GONE: Status.FAILED,
    Outcome.FAULT: Status.BROKEN,
    Outcome.NOT_RUN: Status.SKIPPED,
}
_PREFIX = {
    Outcome.BROKEN: "Broken promise: ",
    Outcome.DEVIATION: "Known deviation: ",
    Outcome.DEVIATION_GONE: "Deviation gone: ",
    Outcome.FAULT: "Infrastructure: ",
    Outcome.NOT_RUN: "Not run: ",
}
_KINDS = {".json": AttachmentType.JSON, ".svg": AttachmentType.SVG}
_CATEGORIES = [
    {"name": "Known deviations", "messageRegex": r"(?s)Known deviation: .*", "matchedStatuses": ["failed"]},
    {"name": "Broken promises", "messageRegex": r"(?s)Broken promise: .*", "matchedStatuses": ["failed"]},
    {
        "name": "Deviations that are gone",
        "messageRegex": r"(?s)Deviation gone: .*",
        "matchedStatuses": ["failed"],
    },
    {"name": "Infrastructure faults", "matchedStatuses": ["broken"]},
]


class AllureFormatter(BaseFormatter):  # type: ignore[misc]
    """allure-behave's formatter with a listener that asks the session."""

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        session: Session = config.session
        allure_commons.plugin_manager.unregister(self.listener)  # type: ignore[has-type]
        self.listener = _Listener(config, session)
        allure_commons.plugin_manager.register(self.listener)
        _describe_run(Path(self.stream_opener.name), session)


class _Listener(AllureListener):  # type: ignore[misc]
    def __init__(self, config: Any, session: Session) -> None:
        super().__init__(config)
        self._session = session

    def start_scenario(self, scenario: Any) -> None:
        super().start_scenario(scenario)
        test = self.logger.get_test(self.current_scenario_uuid)
        numbers = sorted(tag for tag in scenario.effective_tags if tag.startswith("uat-"))
        test.name = title_of(scenario.name)
        test.historyId = md5(*numbers, scenario.name)  # type: ignore[no-untyped-call]
        test.labels += [Label(name=LabelType.TAG, value=tag) for tag in numbers]
        test.links.append(Link(LinkType.ISSUE, ISSUE_URL, "issue 630"))

    def stop_scenario(self, scenario: Any) -> None:
        # In place of the original's, which closes the result before anybody could correct it.
        uuid = self.current_scenario_uuid  # type: ignore[has-type]
        self.current_scenario_uuid = None
        result = self._session.result_of(scenario)
        if result is None or result.reason == NOT_SELECTED:
            self.logger.drop_test(uuid)
            return
        self.flush_steps()
        test = self.logger.get_test(uuid)
        test.stop = now()  # type: ignore[no-untyped-call]
        test.status = _STATUS[result.outcome]
        if result.reason:
            where = f"\n{result.step}" if result.step else ""
            test.statusDetails = StatusDetails(message=f"{_PREFIX[result.outcome]}{result.reason}{where}")
        self.logger.close_test(uuid)
        self.current_step_uuid = None
        self.group_context.append_test(uuid)
        self.group_context.exit()


def attach(title: str, file: Path) -> None:
    """Attach a file of the evidence to the scenario that is running; without Allure, nothing happens."""
    kind = _KINDS.get(file.suffix, AttachmentType.TEXT)
    allure_commons.plugin_manager.hook.attach_file(
        source=str(file), name=title, attachment_type=kind, extension=kind.extension
    )


def _describe_run(results: Path, session: Session) -> None:
    results.mkdir(parents=True, exist_ok=True)
    target = session.bench.target
    facts = {
        "target": target.name if target.is_for_sign_off else f"{target.name} (NOT A SIGN-OFF)",
        **{f"binary.{name}": value for name, value in session.bench.binary.facts().items()},
    }
    lines = "".join(f"{name}={value}\n" for name, value in facts.items())
    (results / "environment.properties").write_text(lines, "utf-8")
    (results / "categories.json").write_text(json.dumps(_CATEGORIES, indent=2), "utf-8")
