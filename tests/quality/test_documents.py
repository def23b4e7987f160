"""The documents are correct: their commands run or are parsed, and everything that they name exists."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from swamp_harness import install
from swamp_harness.cli import main as command_line
from swamp_harness.exploration import explore, mutant_search, report
from swamp_harness.quality import benchmark, mutate, release_runs
from swamp_harness.render import documents, mutation_report, verification
from swamp_harness.results import history, ids, run_record
from swamp_harness.results.result import title_of
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode
from tests.conftest import ROOT

GENERATED = {project.STEPS, project.VERIFICATION}
WRITTEN = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(file for file in sorted((ROOT / "docs").glob("*.md")) if file not in GENERATED),
]
TUTORIAL = ROOT / "docs" / "first-scenario.md"
EXIT_CODES = ROOT / "docs" / "reading-failures.md"
SHELL = "sh"
# What a reader adds while reading the tutorial.
OF_THE_READER = {"token-name-space-refused"}
TITLES_OF_THE_READER = {"A token name with a space is refused"}

NEEDS_SWAMP = "needs a swamp binary"
NEEDS_RELEASE = "downloads a release"
WHOLE_SUITE = "runs the whole suite, which takes minutes"
# The commands that no test runs, and why. Each is still parsed.
EXPLORES = "runs for ten minutes or longer; tests/exploration/ does it in seconds"
NOT_RUN = {
    "make uat": WHOLE_SUITE,
    "make test": "would run this test",
    "make uat SWAMP_BIN=/path/to/swamp": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp TAGS='@uat-07'": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp TAGS='not @slow' FEATURES=features/enrollment.feature": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp NAME='revoked'": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp JOBS=1": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp SHARD=2/4": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp BUDGET=5m": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp SINCE=main": NEEDS_SWAMP,
    "make uat SWAMP_BIN=/path/to/swamp TAGS=@unknown-token-leaves-no-trace JOBS=1": NEEDS_SWAMP,
    "make uat TAGS=@token-name-space-refused SWAMP_BIN=/path/to/swamp": NEEDS_SWAMP,
    "make benchmark SWAMP_BIN=/path/to/swamp SHARD=1/6": NEEDS_SWAMP,
    "make compare SWAMP_BIN=/path/to/swamp": NEEDS_SWAMP,
    "make bug ID=unknown-token-leaves-no-trace": "needs a run against swamp that broke the promise",
    'cd "$(mktemp -d)" && SWAMP_BIN=/path/to/swamp sh /path/to/unknown-token-leaves-no-trace.sh': NEEDS_SWAMP,
    "make record": "records the results of a run against swamp only",
    "make verification TAKE='proof mutation run'": "needs a whole run against swamp, and a whole proof",
    "make uat SWAMP_VERSION=latest": NEEDS_RELEASE,
    "make uat SWAMP_VERSION=20260822.011157.0-sha.06b61472": NEEDS_RELEASE,
    "make uat TAGS=@token-name-space-refused SWAMP_VERSION=latest": NEEDS_RELEASE,
    "make uat SWAMP_VERSION=latest HOSTS=hosts.yaml": "downloads a release, and needs other machines",
    "make matrix VERSIONS='20260822.011157.0-sha.06b61472 latest'": NEEDS_RELEASE,
    "make report": "needs Node.js, and packages of npm",
    "make lock": "asks the package index for new versions",
    "make explore": EXPLORES,
    "make explore MINUTES=45 SEED=3": EXPLORES,
    "make explore FOCUS='runs network'": EXPLORES,
    "make explore JOURNEYS=60 SEED=2": "runs for an hour",
    "make explore JOURNEYS=60 MUTANTS='15 16'": EXPLORES,
    "make explore SWAMP_BIN=/path/to/swamp MINUTES=30": NEEDS_SWAMP,
    "make uat FEATURES=reports/found/1fd556ff.feature": "needs something that an exploration has found",
    "make prove": "runs for an hour",
    "make prove WHOLE=1": "runs for an hour",
    "make prove RECORD=1": "runs for an hour",
    "make prove BUDGET=5m": "runs for half an hour",
    "make prove BUDGET=5m WHOLE=1 RECORD=1": "runs for an hour",
    "make record TIMES=1": "changes what is recorded, by a run that another command has made",
    "make prove MUTANTS=01-another-vault-in-json WHOLE=1": "runs every scenario of a promise",
    "make prove MUTANTS=01-another-vault-in-json RECORD=1": "differs only in what it records",
    "make signoff RUNS='reports/shard-1 reports/shard-2' PLATFORMS='linux-x86_64 darwin-aarch64' "
    "UAT_REPORTS=reports/together": "differs only in what the decision rests on",
    "make signoff RUNS='reports-linux reports-mac' BASELINE=20260822.011157.0-sha.06b61472": NEEDS_SWAMP,
    "make mutate MINUTES=60 SEED=2": "runs for an hour",
    "make mutate MODULES=orchestrator/ MOST=20": "runs for hours",
    "make mutate RECORD=1": "runs every scenario, one after the other",
    "SWAMP_STANDIN_MUTANT=24-secret-in-lines .venv/bin/swamp-standin-mutant serve": "serves on and on",
    ".venv/bin/swamp-uat new-scenario": "asks on a terminal",
    "pipx install pre-commit": "needs pipx and the package index",
    "pre-commit install": "needs pre-commit",
}
# The commands that end with another code than 0.
ENDS_WITH = {
    # make ends with 2 for every failure: a run against the stand-in is NOT A SIGN-OFF (7).
    "make signoff RUNS='reports/shard-1 reports/shard-2' UAT_REPORTS=reports/together": 2,
    "make signoff RUNS=reports/shard-2 BASELINE=reports/shard-1 UAT_REPORTS=reports/compared": 2,
}
# What commands write into reports/.
REPORTS = {
    *(
        *documents.OF_A_RUN,
        run_record.PREVIOUS,
        history.HISTORY_FILE,
        "shard-1",
        "shard-2",
        "together",
        "compared",
    ),
    *(benchmark.BENCHMARK_FILE, release_runs._PAGE, release_runs._DOCUMENT, verification.PROOF),
    *(mutation_report.PAGE, mutation_report.DOCUMENT, mutate._SESSION),
    *(report.REPORT, mutant_search.REPORT, explore.FOUND, "found/<id>.feature"),
}
# Paths that are examples or belong to other projects.
EXAMPLES = {"hosts.yaml", "checksums.txt"}
# Inline code that is a path of the project: it has a slash, or a known file extension.
PATH = re.compile(
    r"[\w.-]+(/[\w.-]*)+|[\w-]+\.(py|md|yaml|yml|json|jsonl|html|xml|toml|feature|txt|lock|png)"
)


@cache
def files_of_the_project() -> list[str]:
    """The files that Git tracks or would add, relative to the project."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - a developer has git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


@cache
def files_and_folders() -> frozenset[str]:
    files = files_of_the_project()
    return frozenset([*files, *(str(folder) for name in files for folder in PurePosixPath(name).parents)])


@dataclass(frozen=True)
class Command:
    """A command of a document, as a reader copies it."""

    document: str
    text: str


def tokens_of(file: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(file.read_text("utf-8"))


def blocks_of(file: Path, *languages: str) -> list[str]:
    """The blocks of code of a document in some languages; "" means an indented block."""
    found = []
    for token in tokens_of(file):
        if token.type == "fence" and token.info in languages:
            found.append(token.content)
        if token.type == "code_block" and "" in languages:
            found.append(token.content)
    return found


def inline_code_of(file: Path) -> list[str]:
    children = [child for token in tokens_of(file) for child in token.children or ()]
    return [child.content for child in children if child.type == "code_inline"]


def links_of(file: Path) -> list[str]:
    children = [child for token in tokens_of(file) for child in token.children or ()]
    targets = [child.attrGet("href") or child.attrGet("src") for child in children if child.attrs]
    return [str(target) for target in targets if target and "://" not in str(target)]


def without_comment(line: str) -> str:
    return re.sub(r"\s+#.*$", "", line).strip()


def commands_in(file: Path) -> list[Command]:
    lines = [line for block in blocks_of(file, SHELL, "") for line in block.replace("\\\n", "").splitlines()]
    texts = [without_comment(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [Command(file.name, text) for text in texts]


ALL_COMMANDS = [each for file in WRITTEN for each in commands_in(file)]
RUN = [each for each in ALL_COMMANDS if each.text not in NOT_RUN]
# A command in several documents runs once: in the tutorial, or in the first of them.
RUN_FOR: dict[str, list[str]] = {file.name: [] for file in [TUTORIAL, *WRITTEN]}
for shown in sorted(RUN, key=lambda each: each.document != TUTORIAL.name):
    if shown.document == TUTORIAL.name or not any(shown.text in texts for texts in RUN_FOR.values()):
        RUN_FOR[shown.document].append(shown.text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone as a reader has it, with the environment of this checkout."""
    if sys.platform == "win32":
        pytest.skip("the documents show the commands of POSIX systems")
    root = tmp_path_factory.mktemp("reader") / "swamp-uat"
    for name in files_of_the_project():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    git = ["git", "-c", "user.name=reader", "-c", "user.email=reader@localhost"]
    subprocess.run([*git, "init", "--quiet"], cwd=root, check=True)
    subprocess.run([*git, "add", "--all"], cwd=root, check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "As it is read"], cwd=root, check=True)
    environment_of(root)
    return root


def environment_of(root: Path) -> None:
    """Make the `.venv` of a copy without installing: the packages of this one, the code of the copy."""
    venv = [sys.executable, "-m", "venv", "--without-pip", str(root / ".venv")]
    subprocess.run(venv, check=True)
    here, there = Path(sys.prefix), root / ".venv"
    packages = next(Path(each) for each in sys.path if each.endswith("site-packages"))
    own = next(there.glob("lib/python*/site-packages"))
    (own / "reader.pth").write_text(f"{root}\n{packages}\n")
    for script in (here / "bin").iterdir():
        text = script.read_bytes()
        if text.startswith(b"#!") and not (there / "bin" / script.name).exists():
            _, _, body = text.partition(b"\n")
            copied = there / "bin" / script.name
            copied.write_bytes(f"#!{install.python_of(root)}\n".encode() + body)
            copied.chmod(0o755)
    (there / "ready").write_text(json.dumps(install.fingerprint(root)))


def run(command: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as in a terminal, against the stand-in even if the machine has a swamp."""
    environment = {**os.environ, "UAT_TARGET": "standin/target.yaml"}
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=root, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "document", [name for name, texts in RUN_FOR.items() if texts and name != TUTORIAL.name]
)
def test_every_command_that_is_shown_works(document, clone):
    """In the order of the document, as a reader runs them."""
    for text in RUN_FOR[document]:
        done = run(text, clone)
        assert done.returncode == ENDS_WITH.get(text, 0), f"`{text}`:\n{done.stdout}{done.stderr}"
    assert run("git checkout --quiet .", clone).returncode == 0


def test_the_tutorial_leads_to_the_scenario_that_it_shows(clone):
    for text in RUN_FOR[TUTORIAL.name]:
        done = run(text, clone)
        assert done.returncode == 0, f"`{text}`:\n{done.stdout}{done.stderr}"
        if "new-scenario" in text:
            write_the_scenario(clone / "features" / "tokens.feature", blocks_of(TUTORIAL, "gherkin")[0])
    assert "1 held" in done.stdout
    assert "coverage.md" in run("git status --short", clone).stdout
    undo = next(each for each in inline_code_of(TUTORIAL) if each.startswith("git checkout"))
    run(undo, clone)
    assert run("git status --short", clone).stdout == ""


def write_the_scenario(file: Path, scenario: str) -> None:
    text = file.read_text("utf-8")
    title = scenario.splitlines()[0]
    before, _, after = text.partition(f"{title}\n")
    rest = after[after.index("\n\n") :]
    file.write_text(before + scenario.rstrip("\n") + rest, "utf-8")


def test_every_exception_is_a_command_of_a_document():
    assert set(NOT_RUN) - {each.text for each in ALL_COMMANDS} == set()
    assert set(ENDS_WITH) - {each.text for each in RUN} == set()


INLINE = [
    Command(file.name, text)
    for file in WRITTEN
    for text in dict.fromkeys(inline_code_of(file))
    if re.match(r"(make|swamp-uat|\.venv/bin/swamp-uat) ", text)
]


@pytest.mark.parametrize(
    "command",
    [*(each for each in ALL_COMMANDS if each.text in NOT_RUN), *INLINE],
    ids=lambda command: f"{command.document}: {command.text}",
)
def test_a_command_that_is_not_run_can_be_parsed(command):
    words = shlex.split(command.text.split("|")[0])
    if words[0] == "make":
        recipe = recipe_of(words[1:])
        for variable in (word for word in words[1:] if "=" in word):
            others = [word for word in words[1:] if word != variable]
            assert is_passed_on(variable) or recipe_of(others) != recipe, f"{variable} changes nothing"
        words = next((shlex.split(line) for line in recipe if "swamp-uat" in line), [])
    if words[:1] and words[0].endswith("swamp-uat"):
        read_by_the_parser(words[1:])


def recipe_of(words: list[str]) -> list[str]:
    """The commands of `make --dry-run`."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *words],  # noqa: S607 - a developer has make
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def is_passed_on(assignment: str) -> bool:
    """Whether make passes a variable on to the commands that it starts."""
    name = assignment.partition("=")[0]
    listed = re.search(r"^VARIABLES := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return listed is not None and name in {*listed[1].split(), "HOSTS", "PYTHON"}


def read_by_the_parser(arguments: list[str]) -> None:
    if len(arguments) == 1:  # it names a command without its arguments
        arguments = [*arguments, "--help"]
    parser = command_line.parser_for([])
    if arguments[-1] == "--help":
        with pytest.raises(SystemExit, match=r"^0$"):
            parser.parse_args(arguments)
    else:
        parser.parse_args(arguments)


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_every_file_that_is_named_exists(file):
    named = [each for each in inline_code_of(file) if PATH.fullmatch(each)]
    assert [each for each in named if each not in EXAMPLES and not is_there(each)] == []


def is_there(path: str) -> bool:
    """Whether a path, perhaps its end alone, is a file of the project or of the output of a command."""
    first, _, rest = path.rstrip("/").partition("/")
    if first == ".venv":
        return rest in ("", "bin", "Scripts") or (Path(sys.prefix) / rest).exists()
    if first == "reports":
        return rest in REPORTS | {""}
    given = path.rstrip("/")
    return given in REPORTS or any(f"/{each}".endswith(f"/{given}") for each in files_and_folders())


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_every_link_has_a_target(file):
    for link in links_of(file):
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


def anchors_of(file: Path) -> set[str]:
    tokens = tokens_of(file)
    titles = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def code() -> str:
    """The code that reads variables: the Makefile, the suite, the stand-in."""
    sources = [ROOT / "Makefile", *(ROOT / "swamp_harness").rglob("*.py"), *(ROOT / "standin").rglob("*.py")]
    return "\n".join(source.read_text("utf-8") for source in sources)


@cache
def rows() -> list[Any]:
    """Every scenario and every row of an outline."""
    return [row for model in features.parse(project.FEATURES) for row in model.walk_scenarios()]


@cache
def tags() -> frozenset[str]:
    own = {each for row in rows() for each in ids.ids_in(row.tags)}
    numbers = {f"uat-{each.number:02}" for each in features.catalogue()}
    return frozenset({*ids.TAGS, *own, *numbers, *OF_THE_READER})


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_every_variable_that_is_named_exists(file):
    named = set(re.findall(r"\b(?:UAT|SWAMP)_[A-Z_]+\b", file.read_text("utf-8")))
    assert {each for each in named if not re.search(rf"\b{each}\b", code())} == set()
    of_make = {each for each in inline_code_of(file) if re.fullmatch(r"[A-Z][A-Z_]+(=\S*)?", each)}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    unknown = {each for each in of_make if not re.search(rf"\b{each.partition('=')[0]}\b", makefile)}
    assert unknown <= NOT_VARIABLES


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_every_tag_that_is_named_exists(file):
    named = re.findall(r"(?<![\w@/.])@([a-z0-9]+(?:-[a-z0-9]+)+)", file.read_text("utf-8"))
    assert set(named) <= tags()


# Words in capitals that are not variables of make.
NOT_VARIABLES = {"FAIL", "GONE", "ERR", "SECRETS", "PATH"}


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_every_step_and_title_that_is_quoted_exists(file):
    quoted = [each for each in inline_code_of(file) if re.match(r"(Given|When|Then) ", each)]
    known = "\n".join(
        each.read_text("utf-8") for each in [*project.FEATURES.glob("*.feature"), project.STEPS]
    )
    assert [each for each in quoted if each.partition(" ")[2] not in known] == []
    shown = re.findall(r"^ +(?:ok|dev|FAIL) +[\d,]+ (.*?)  [\d.]+ s$", file.read_text("utf-8"), re.MULTILINE)
    assert set(shown) <= {title_of(row.name) for row in rows()} | TITLES_OF_THE_READER


def test_the_exit_codes_are_all_explained():
    rows = re.findall(r"^\| ([\d, ]+) \|", EXIT_CODES.read_text("utf-8"), re.MULTILINE)
    others = re.findall(r"^\| `swamp-uat \w+` \| (\d+) \|", EXIT_CODES.read_text("utf-8"), re.MULTILINE)
    explained = {int(code) for row in rows for code in row.split(",")} | set(map(int, others))
    assert explained == {code.value for code in ExitCode}


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_every_exit_code_that_is_named_exists(file):
    named = re.findall(r"(?:exit codes?|ends? with|[Cc]ode) (\d+)", file.read_text("utf-8"))
    assert {int(each) for each in named} <= {code.value for code in ExitCode}


def test_the_readme_is_short_and_its_picture_small():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 90
    picture = ROOT / "docs" / "images" / "signoff.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 160_000


def test_every_page_is_linked():
    linked = {(file.parent / link.partition("#")[0]).resolve() for file in WRITTEN for link in links_of(file)}
    assert {*WRITTEN, *GENERATED} - {ROOT / "README.md"} - linked == set()
