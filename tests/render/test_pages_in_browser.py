"""The pages in headless Chromium: they load nothing, and are accessible, printable and operable."""

import json
import os
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from swamp_harness.render import mutation_report, step_pages
from swamp_harness.render.documents import write_documents
from swamp_harness.render.mutation_report import Finding
from swamp_harness.render.pages import write_page
from swamp_harness.render.release_matrix import ReleaseRun, matrix
from swamp_harness.render.signoff import SignOffInputs
from swamp_harness.render.step_pages import Catalogue, Phrases, StepEntry, Subject
from swamp_harness.render.timeline_drawing import TIMELINE_FILE, drawing_of
from swamp_harness.results.baseline import Baseline
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.history import remember
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.run_record import MachineOfRun
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.results.waivers import Waiver
from swamp_harness.runner.allure_page import is_installed, make_page
from swamp_harness.scenario.timeline import Lane, Mark, Span, Timeline
from swamp_harness.specification import project
from swamp_harness.specification.features import FeatureRun
from tests.conftest import a_result, a_run

PROGRAMS = ("google-chrome", "chromium", "chromium-browser", "chrome")
OPTIONS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK, PAPER = 375, 1280, 718  # the last is A4 with margins of a centimetre
NAMES = ["signoff.html", "steps.html", "mutation.html", "matrix.html"]
ALL_STEPS = "all-steps.html"  # a folder of the project

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> ]]> \x1b[31m \u202e \" ' & "
    + "unbroken" * 40
)
LINK = "https://swamp-club.com/lab/630"
START = datetime(2026, 8, 22, 12, tzinfo=UTC)


def at(seconds):
    return START + timedelta(seconds=seconds)


def a_timeline():
    """A timeline with one of everything, each wide enough for its label."""
    steps = [
        Span(kind, f"{kind.capitalize()} something {HOSTILE}", at(begin), at(begin + 3))
        for begin, kind in enumerate(("given", "when", "then", "failed"))
    ]
    kinds = [
        *("command", "failing-command", "process", "suspended", "member", "grace", "lifetime", "outage"),
        *("lease-active", "lease-completed", "lease-failed", "lease-expired", "step", "step-cut-off"),
    ]
    marks = [Mark(kind, kind, at(2 * place)) for place, kind in enumerate(("enrolled", "killed", "ended"))]
    return Timeline(
        START,
        at(10),
        steps,
        [
            *(Lane(kind, [Span(kind, f"the label of {kind}", at(1), at(6))]) for kind in kinds),
            Lane(HOSTILE, (), marks, is_part=True),
        ],
    )


def write_signoff(folder):
    """The sign-off page of a run with every outcome on two platforms."""
    long = "\n".join(f"line {number} of the output" for number in range(60))
    fields = {
        Outcome.BROKEN: {
            "name": HOSTILE,
            "step": f'Then "{HOSTILE}"',
            "reason": f"Expected, but not so: {HOSTILE}\n{long}",
        },
        Outcome.DEVIATION: {"deviation": "ends-late"},
        Outcome.NOT_RUN: {"skip": Skip(SkipKind.NO_SUCH_MACHINE, ("darwin",))},
    }
    results = [
        replace(
            a_result(outcome.css, outcome, numbers=(number,), evidence=f"evidence/{number}", step="Then so"),
            **fields.get(outcome, {}),
        )
        for number, outcome in enumerate(Outcome, start=1)
    ]
    for result in results[:2]:
        (folder / result.evidence).mkdir(parents=True)
        (folder / result.evidence / TIMELINE_FILE).write_text(drawing_of(a_timeline()), "utf-8")
    mac = a_result(Outcome.HELD.css, platform="darwin aarch64", reason="")
    run = a_run(*results, mac, machines=[MachineOfRun("mac-mini", "darwin aarch64", f"no answer: {HOSTILE}")])
    earlier = replace(run, results=[replace(each, outcome=Outcome.HELD) for each in results])
    remember(replace(earlier, started=run.started - timedelta(days=1)), folder)
    write_documents(
        run,
        folder,
        SignOffInputs(
            [
                FeatureRun(each.id, each.name, each.numbers, each.location, "Tokens")
                for each in (*results, a_result("unselected", numbers=(8,)))
            ],
            [Deviation("ends-late", "-", "-", HOSTILE, "the manual", HOSTILE, "late", "the first", LINK)],
            [Waiver(Outcome.WAIVED.css, HOSTILE, f"{LINK}?{'x' * 90}", "20260901.000000.0")],
            baseline=Baseline.of(earlier, "reports/earlier"),
        ),
    )


def write_mutations(folder):
    """The report of mutation testing with every outcome."""
    findings = [
        Finding(
            f"pool.py {kind.name} {HOSTILE}",
            "standin/pool.py",
            6,
            f"- {HOSTILE}\n+ b",
            kind,
            promises=(5,),
            killed_by=(5,),
            scenario=HOSTILE,
            message=HOSTILE,
        )
        for kind in mutation_report.Outcome
    ]
    document = mutation_report.report(
        findings,
        started=START,
        seed=3,
        possible={"standin/pool.py": 40},
        unreached={"standin/pool.py": [f"14: return {HOSTILE}"]},
        left_out={"standin/main.py": "boilerplate"},
        titles={5: "Enrollment"},
    )
    mutation_report.write_report(document, folder)


def write_matrix(folder):
    """The matrix of six releases with every outcome, one of them without results."""
    runs = [
        ReleaseRun(f"2026082{number}.011157.0-sha.06b61472", a_run(a_result(f"one {HOSTILE}", outcome)))
        for number, outcome in enumerate((Outcome.HELD, Outcome.BROKEN, Outcome.WAIVED, Outcome.ERROR))
    ]
    write_page(folder / "matrix.html", **matrix([*runs, ReleaseRun("lost", None)]))


def write_steps(folder):
    """A catalogue of a few steps, with everything that a step can have."""
    kinds = {
        "Few": Phrases("one of a few things", ("a", "b")),
        "Many": Phrases("a thing", ("a", "b {who}", "c", "d", HOSTILE), {"a": HOSTILE}, {"who": "Few"}),
        "Any": Phrases("any text"),
    }
    steps = [
        StepEntry("naps", ('Given "{a}" naps', 'Given "{a}" nap'), HOSTILE, {"a": "Many"}, {}, "", ("x",)),
        StepEntry(
            "naps",
            (f"When {HOSTILE}",),
            "Says `it`.",
            {},
            {"b": "Few", "c": ""},
            f"When\n  | {HOSTILE} |",
            (),
        ),
        StepEntry(
            "naps", ('Then "{a}" is awake',), "Checks it.", {"a": "Any"}, {}, f"Then {HOSTILE}", ("x", "y")
        ),
    ]
    catalogue = Catalogue((Subject("naps", "The naps.", tuple(steps)),), kinds)
    (folder / step_pages.PAGE_FILE).write_text(step_pages.html(catalogue), "utf-8")


@dataclass
class Opened:
    """A page in the browser.

    Attributes:
        page: of the browser.
        errors: what its console and its scripts reported, and the dialogs that it opened.
        requests: the addresses that it asked for.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self):
        self.page.on("console", lambda message: self.errors.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

        def close(dialog):
            self.errors.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        self.page.on("dialog", close)

    def unfold(self):
        """Open everything that can be opened."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with all pages, made from values."""
    folder = tmp_path_factory.mktemp("pages")
    write_signoff(folder)
    write_mutations(folder)
    write_matrix(folder)
    write_steps(folder)
    shutil.copy(project.STEPS_PAGE, folder / ALL_STEPS)
    (folder / TIMELINE_FILE).write_text(drawing_of(a_timeline()), "utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests here."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"needs a browser on the PATH, one of {', '.join(PROGRAMS)}: install chromium")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=program, args=OPTIONS, chromium_sandbox=not is_root
        )
        yield launched
        launched.close()


@pytest.fixture
def opened(browser, folder):
    """Opens a page with a given width, offline."""
    contexts = []

    def open_page(name, width=DESK, media="screen"):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        contexts.append(context)
        shown = Opened(context.new_page())
        shown.watch()
        shown.page.emulate_media(media=media)
        shown.page.goto((folder / name).as_uri())
        return shown

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", [*NAMES, ALL_STEPS, TIMELINE_FILE])
def test_a_page_opens_without_errors_and_loads_nothing(opened, folder, name):
    shown = opened(name)

    assert shown.errors == []
    assert shown.requests == [(folder / name).as_uri()]


# The elements that overflow the page, except inside something that scrolls.
STICKING_OUT = """() => {
    const scrolls = each => each && (["auto", "scroll"].includes(getComputedStyle(each).overflowX) ||
        scrolls(each.parentElement));
    return [...document.body.querySelectorAll("*")]
        .filter(each => each.checkVisibility() && !scrolls(each.parentElement) && !each.closest("svg *"))
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
        .map(each => each.outerHTML.slice(0, 200));
}"""
# The texts that are too small to read.
SMALL = """() => {
    const small = [];
    for (const each of document.body.querySelectorAll("*")) {
        const text = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        const svg = each.closest("svg");
        const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
        const size = parseFloat(getComputedStyle(each).fontSize) * scale;
        if (text && each.checkVisibility() && each.localName !== "title" && size < (svg ? 9.5 : 12))
            small.push(`${size} px: ${each.outerHTML.slice(0, 100)}`);
    }
    return small;
}"""


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", [*NAMES, ALL_STEPS])
def test_a_page_is_readable(opened, name, width):
    shown = opened(name, width)
    shown.unfold()

    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.page.evaluate(STICKING_OUT) == []
    assert shown.page.evaluate(SMALL) == []


# The others have one layout for both widths.
@pytest.mark.parametrize(
    ("name", "width"), [*((name, PHONE) for name in NAMES), ("signoff.html", DESK), ("steps.html", DESK)]
)
def test_axe_finds_no_violation(opened, name, width):
    shown = opened(name, width)
    shown.unfold()

    found = Axe().run(shown.page)

    assert found.violations_count == 0, found.generate_report()


@pytest.mark.skipif(
    not shutil.which("node") or not is_installed(project.REPORT_PACKAGE),
    reason="needs Node.js, and Allure as `make report` has installed it",
)
def test_the_page_of_allure_opens_without_errors_and_is_accessible(opened, tmp_path):
    (tmp_path / "allure-results").mkdir()
    result = {"uuid": "1", "name": HOSTILE, "fullName": "f: a", "status": "failed", "start": 1, "stop": 2}
    (tmp_path / "allure-results" / "1-result.json").write_text(json.dumps(result))
    a_run(a_result("a")).write_to(tmp_path)
    page = make_page(tmp_path, os.environ)

    shown = opened(page, PHONE)
    shown.page.locator("[data-id=summary]").wait_for()
    # Beyond WCAG, axe advises a heading and landmarks. Allure's pages lack them.
    found = Axe().run(shown.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})

    assert (shown.errors, shown.requests) == ([], [page.as_uri()])
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert found.violations_count == 0, found.generate_report()


# The texts that are not printed but should be. Parts for the screen only are left out.
NOT_PRINTED = """() => [...document.body.querySelectorAll("*")]
    .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(each => !each.closest(".on-screen, form, nav, script, style, title"))
    .filter(each => !each.checkVisibility())
    .map(each => each.outerHTML.slice(0, 200))"""
CUT_OFF = """() => [...document.body.querySelectorAll("*")]
    .filter(each => each.checkVisibility() && getComputedStyle(each).overflow !== "visible")
    .filter(each => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
    .map(each => each.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_printable(opened, name):
    shown = opened(name, PAPER, media="print")

    assert shown.page.evaluate(NOT_PRINTED) == []
    assert shown.page.evaluate(STICKING_OUT) == []
    assert shown.page.evaluate(CUT_OFF) == []


# The contrast of the labels of a timeline with their background: the lowest for each background.
CONTRASTS = """() => {
    const linear = value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const luminance = colour => colour.map(each => linear(each / 255))
        .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
    const fill = each => getComputedStyle(each).fill.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const found = {};
    for (const svg of document.querySelectorAll("svg")) {
        const rects = [...svg.querySelectorAll("rect")];
        for (const text of svg.querySelectorAll("text")) {
            const x = text.x.baseVal[0].value, y = text.y.baseVal[0].value;
            const behind = rects.filter(each => each.compareDocumentPosition(text) & 4).filter(each =>
                each.x.baseVal.value <= x && x <= each.x.baseVal.value + each.width.baseVal.value &&
                each.y.baseVal.value <= y && y <= each.y.baseVal.value + each.height.baseVal.value);
            const background = behind.reduce((below, each) => {
                const opacity = Number(getComputedStyle(each).opacity);
                return fill(each).map((value, place) => opacity * value + (1 - opacity) * below[place]);
            }, [255, 255, 255]);
            const [one, other] = [fill(text), background].map(luminance).sort((a, b) => b - a);
            const kind = behind.length ? behind.at(-1).getAttribute("class") : "nothing";
            found[kind] = Math.min(found[kind] ?? 21, (one + 0.05) / (other + 0.05));
        }
    }
    return found;
}"""


def test_every_label_of_a_timeline_has_enough_contrast(opened):
    contrasts = opened("signoff.html").page.evaluate(CONTRASTS)

    assert len(contrasts) > 15
    assert {kind: value for kind, value in contrasts.items() if value < 4.5} == {}


# The elements that can be operated. Tab reaches one radio button of a group.
OPERATED = """() => [...document.querySelectorAll(
        "a[href], button, input:not([type=radio]), [type=radio]:checked, summary, [tabindex='0']")]
    .filter(each => each.checkVisibility())"""
FOCUSED = f"""() => {{
    const each = document.activeElement, style = getComputedStyle(each);
    const closed = each.localName === "summary" && !each.parentElement.open;
    return {{
        place: ({OPERATED})().indexOf(each), closed, html: each.outerHTML.slice(0, 200),
        visible: style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2,
    }};
}}"""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_works_with_the_keyboard(opened, name):
    page = opened(name).page
    reached = set()

    page.keyboard.press("Tab")
    # Unfolding adds elements only after the present one.
    while (focused := page.evaluate(FOCUSED))["place"] not in {-1, *reached}:
        assert focused["visible"], focused["html"]
        if focused["closed"]:
            page.keyboard.press("Enter")
            assert not page.evaluate(FOCUSED)["closed"], focused["html"]
        reached.add(focused["place"])
        page.keyboard.press("Tab")

    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    assert reached == set(range(page.evaluate(f"({OPERATED})().length")))


def test_the_catalogue_of_steps_can_be_searched_with_the_keyboard(opened):
    page = opened("steps.html").page
    status, steps = page.get_by_role("status"), page.locator("article:visible")
    assert status.inner_text() == "3 of 3 steps"

    page.keyboard.press("/")
    page.keyboard.type("AWAKE then")
    assert status.inner_text() == "1 of 3 steps"
    assert steps.locator("h3").all_inner_texts() == ['Then "{a}" is awake']

    page.keyboard.type(" nowhere")
    assert (status.inner_text(), steps.count()) == ("No step has all of these words.", 0)

    page.keyboard.press("Escape")
    assert steps.count() == 3

    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("Given", exact=True).is_checked()
    assert steps.locator("h3").all_inner_texts() == ['Given "{a}" naps']
