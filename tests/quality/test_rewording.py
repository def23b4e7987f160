"""No decision depends on the wording of a message: with all messages reworded, the suite decides the same."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, suite_environment

_MARK = "‡"
# Not source of the suite, or without messages.
_LEFT_OUT = shutil.ignore_patterns(".*", "reports", "allure-report", "__pycache__", "tests", "*.egg-info")

DEVIATION = {
    "id": "shown-twice",
    "scenario": "token-shown-once[JSON]",
    "step": 'the output shows the credential of "alpha" exactly once',
    "expected": "once",
    "where": "issue 630",
    "actual": "twice",
    "actual_value": {"credentials": ["alpha", "alpha"], "secrets": 2},
    "since": "the beginning",
    "link": "https://swamp-club.com/lab/630",
}
WAIVER = {
    "scenario": "token-shown-once[text]",
    "reason": "for now",
    "link": "https://swamp-club.com/lab/630",
    "last-version": "20300101.000000.0",
}


class _Reworder(ast.NodeTransformer):
    """Changes every text for people: of exceptions, of comparisons, and of modules that are only words."""

    def __init__(self, *, all_are_words: bool) -> None:
        self._inside = all_are_words

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return self._inside_of(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._inside_of(node) if node.name == "__str__" else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "expect":
            node.args = [self._inside_of(node.args[0]), *node.args[1:]]  # type: ignore[list-item]
        return self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        node.values = [self.visit(value) for value in node.values]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if self._inside and isinstance(node.value, str) and " " in node.value:
            return ast.copy_location(ast.Constant(f"{_MARK}{node.value.upper()}"), node)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        if self._inside:
            node.values = [ast.Constant(_MARK), *(self._shouted(value) for value in node.values)]
        return node

    @staticmethod
    def _shouted(value: ast.expr) -> ast.expr:
        # Only the text between the values, not a format specification.
        return ast.Constant(value.value.upper()) if isinstance(value, ast.Constant) else value  # type: ignore[union-attr]

    def _inside_of(self, node: ast.AST) -> ast.AST:
        before, self._inside = self._inside, True
        try:
            return self.visit(node) if isinstance(node, ast.expr) else self.generic_visit(node)
        finally:
            self._inside = before


@pytest.fixture(scope="module")
def reworded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with every message reworded."""
    copy = tmp_path_factory.mktemp("reworded") / "project"
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
    sources = [*(copy / "swamp_harness").rglob("*.py"), *(copy / "features" / "steps").glob("*.py")]
    changed = 0
    for file in sources:
        tree = ast.parse(file.read_text("utf-8"))
        text = ast.unparse(_Reworder(all_are_words=file.name == "words.py").visit(tree))
        changed += _MARK in text
        file.write_text(text, "utf-8")
    assert changed > len(sources) // 4
    return copy


def decisions(project: Path, reports: Path, *arguments: str, **env: str) -> tuple[dict[str, Any], str]:
    """The decisions of a run with a copy of the project, and its output."""
    # The environment of the tests belongs to another checkout; only its libraries are used.
    python, libraries = sys._base_executable, sysconfig.get_path("purelib")
    done = subprocess.run(
        [python, "-m", "swamp_harness.cli.main", "run", *arguments],
        env=suite_environment(reports, PYTHONPATH=os.pathsep.join((str(project), libraries)), **env),
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (reports / "run.json").exists(), done.stdout + done.stderr
    document = json.loads((reports / "run.json").read_text("utf-8"))
    sign_off = json.loads((reports / "signoff.json").read_text("utf-8"))
    fields = ("id", "outcome", "deviation", "skip", "step", "expected", "actual")
    return {
        "exit code": done.returncode,
        "decision": (sign_off["decision"], sign_off["by results"], sign_off["counts"]),
        "promises": [each["outcomes"] for each in sign_off["promises"]],
        "results": [
            # Only the kind of a skip is compared, as the rest of it is a sentence.
            {**{name: each[name] for name in fields}, "skip": each["skip"] and each["skip"]["kind"]}
            for each in document["results"]
        ],
    }, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("run", "outcomes"),
    [
        (("twice", "@token-shown-once or @other-binary"), {"known deviation", "waived", "not run"}),
        (("", "@token-shown-once"), {"listed deviation gone", "broken"}),
        (("port-taken", "@uat-05 and @worker-enrolls-into-pool"), {"infrastructure error"}),
        (("lost-field", "@token-shown-once"), {"broken"}),
    ],
)
def test_rewording_every_message_changes_no_decision(fake_swamp, tmp_path, reworded, run, outcomes):
    defect, tags = run
    lists = {"UAT_DEVIATIONS": [DEVIATION], "UAT_WAIVERS": [WAIVER] if defect == "twice" else []}
    env = {"SWAMP_BIN": str(fake_swamp(defect).path)}
    for variable, entries in lists.items():
        file = tmp_path / f"{variable}.yaml"
        file.write_text(yaml.safe_dump(entries))
        env[variable] = str(file)
    arguments = ("--tags", f"({tags}) and not @terminal")

    before, output = decisions(ROOT, tmp_path / "before", *arguments, **env)
    after, reworded_output = decisions(reworded, tmp_path / "after", *arguments, **env)

    assert {each["outcome"] for each in before["results"]} == outcomes
    assert after == before
    assert _MARK not in output
    assert _MARK in reworded_output
