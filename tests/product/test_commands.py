"""A command of the operator whose output does not end."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from swamp_harness.product import commands
from swamp_harness.product.commands import Output, SwampCommands
from swamp_harness.system.errors import PromiseBroken
from swamp_harness.system.limits import Limit


@pytest.mark.skipif(sys.platform == "win32", reason="the command is a shell")
@pytest.mark.parametrize(
    ("rest", "what"),
    [
        ("", "ended, but a process that it left held its output after 0.2 s"),
        ("; sleep 60", "did not end within 0.2 s"),
    ],
    ids=["it ends", "it is killed"],
)
def test_an_orphan_that_holds_the_output_of_a_command_does_not_hold_the_suite(
    tmp_path, monkeypatch, rest, what
):
    monkeypatch.setattr(commands, "COMMAND", Limit("a command", 0.2))
    monkeypatch.setattr(commands, "OUTPUT_DRAINED", Limit("the last output", 0.1))
    shell = SwampCommands(Path("/bin/sh"), {}, tmp_path)
    # The subshell ends at once, so the sleeping process belongs to no tree.
    leaving = f"(sleep 60 & echo left $!){rest}"

    with pytest.raises(PromiseBroken, match=what) as raised:
        shell.run("-c", leaving, output=Output.TEXT)

    (orphan,) = re.findall(r"left (\d+)", str(raised.value))
    os.kill(int(orphan), signal.SIGKILL)  # it outlived the command
    assert [kind for kind, _ in shell.usages] == ["-c"]
