"""The `swamp-uat` command finds each sub-command, and imports only what that one needs."""

import subprocess
import sys

import pytest

from swamp_harness.cli.main import COMMANDS, parser_for
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
