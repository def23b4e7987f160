"""What a command costs: its kind without any value, and its processor time however it ends."""

import sys
from pathlib import Path

import pytest

from swamp_harness.product import commands
from swamp_harness.product.commands import Output, SwampCommands
from swamp_harness.product.costs import command_kind
from swamp_harness.system.errors import PromiseBroken
from swamp_harness.system.limits import Limit


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("worker token create alpha --duration 1h", "worker token create"),
        ("worker token create list --server ws://here", "worker token create --server"),
        ("workflow run demo --server ws://here --json", "workflow run --server"),
        ("model method run alpha execute", "model method run"),
        ("vault put secrets key", "vault put"),
        ("serve --port 0", "serve"),
        ("worker token --help", "worker token --help"),
        ("--version", "--version"),
        ("unheard-of secret", "unheard-of"),
        ("", ""),
    ],
)
def test_the_kind_of_a_command_has_its_words_and_no_value(line, kind):
    assert command_kind(line.split()) == kind


@pytest.fixture
def script(tmp_path):
    def script(code):
        (tmp_path / "program.py").write_text(code)
        return SwampCommands(Path(sys.executable), {}, tmp_path)

    return script


WORK = "import time\nwhile time.process_time() < 0.2: pass\n"


@pytest.mark.parametrize(
    "output",
    [
        Output.TEXT,
        pytest.param(
            Output.TERMINAL,
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no terminals"),
        ),
    ],
)
def test_what_a_command_used_is_kept(script, output):
    typed = script(f"{WORK}print('done'); raise SystemExit(7)")

    result = typed.run("program.py", output=output)

    assert (result.exit_code, result.stdout.strip()) == (7, "done")
    [(kind, usage)] = typed.usages
    assert kind == "program.py"
    assert 0.2 <= usage.seconds < 3
    assert result.started <= usage.started <= result.ended


@pytest.mark.parametrize(
    "output",
    [
        Output.TEXT,
        pytest.param(
            Output.TERMINAL,
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no terminals"),
        ),
    ],
)
def test_what_a_command_used_that_had_to_be_killed_is_kept(script, output, monkeypatch):
    monkeypatch.setattr(commands, "COMMAND", Limit("a command", 5))
    typed = script(f"{WORK}print('done', flush=True)\ntime.sleep(60)")

    with pytest.raises(PromiseBroken, match=r"did not end within 5 s(.|\n)*done"):
        typed.run("program.py", output=output)

    assert typed.results == []
    [(_, usage)] = typed.usages
    assert usage.seconds >= 0.2
