"""The `swamp-uat` command finds each sub-command, and imports only what that one needs."""

import subprocess
import sys

import pytest

from swamp_harness.cli import main as command
from swamp_harness.cli.main import COMMANDS, parser_for
from swamp_harness.system.errors import ExitCode
from tests.conftest import ROOT

EVERY = [command for own in COMMANDS.values() for command in own]


def test_the_help_lists_every_sub_command(capsys):
    with pytest.raises(SystemExit):
        parser_for([]).parse_args(["--help"])

    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    assert {command for command in EVERY if command not in listed} == set()


@pytest.mark.parametrize("command", EVERY)
def test_a_sub_command_is_in_the_module_that_is_imported_for_it(command, capsys):
    with pytest.raises(SystemExit) as ended:
        parser_for([command]).parse_args([command, "--help"])

    assert ended.value.code == 0
    assert f"usage: swamp-uat {command}" in capsys.readouterr().out


def test_a_run_does_not_import_mutation_testing():
    code = (
        "import sys; from swamp_harness.cli.main import parser_for; parser_for(['run']); print(*sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "swamp_harness.quality.mutate" not in done.stdout.split()


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (ImportError("no such name"), ExitCode.INCOMPLETE, "The suite itself failed, not the product: "),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted."),
    ],
)
def test_what_ends_the_import_of_the_suite_is_no_broken_promise(monkeypatch, capsys, raised, code, message):
    def fail(_):
        raise raised

    monkeypatch.setattr(command.importlib, "import_module", fail)

    assert command.main(["check"]) == code
    assert capsys.readouterr().err.startswith(f"swamp-uat: {message}")
