"""Journeys are made of the steps that features use, and Hypothesis finds the shortest that fails."""

from dataclasses import replace

from behave import register_type

from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.feature_text import as_feature, as_found_feature, tag_of, upto
from swamp_harness.exploration.generation import made_up, shortened
from swamp_harness.exploration.journeys import Avoided, pair_before, pairs_of, script
from swamp_harness.exploration.sentences import compared
from swamp_harness.runner.steps import load_definitions, step_mistakes
from swamp_harness.scenario.vocabulary import KINDS
from swamp_harness.specification import feature_files, project

NOTHING = Avoided()
MANY = 150


def test_every_step_of_a_journey_is_one_that_features_use(tmp_path):
    register_type(**KINDS)
    load_definitions(project.FEATURES)
    journeys = made_up(7, list(Focus), MANY, NOTHING)
    file = tmp_path / "journeys.feature"
    file.write_text(as_feature(journeys), "utf-8")

    feature = feature_files.read_feature(file)

    assert len(list(feature.walk_scenarios())) == len(journeys) > MANY / 2
    assert [str(each) for each in step_mistakes(feature.walk_scenarios())] == []


def test_the_same_seed_makes_up_the_same_journeys():
    first = made_up(3, list(Focus), 20, NOTHING)

    assert [each.id for each in made_up(3, list(Focus), 20, NOTHING)] == [each.id for each in first]
    assert [each.id for each in made_up(4, list(Focus), 20, NOTHING)] != [each.id for each in first]


def test_every_journey_ends_at_rest():
    for journey in made_up(5, [Focus.RUNS, Focus.SCHEDULING, Focus.EXPIRY], MANY, NOTHING):
        end = journey.states[-1]
        assert end.open is None
        assert all(token.expired or not token.short for token in end.tokens.values())


def test_every_subject_has_its_acts():
    kinds = {
        subject: {event.act.kind for each in made_up(1, [subject], 100, NOTHING) for event in each.events}
        for subject in Focus
    }
    assert {"mint", "revoke", "revoke again", "start"} <= kinds[Focus.TOKENS]
    assert {"start", "start twin", "start clone", "start again"} <= kinds[Focus.ENROLLMENT]
    assert "pass lifetime" in kinds[Focus.EXPIRY]
    assert {"cut", "silence", "reset", "heal", "refuse", "restart after a kill"} <= kinds[Focus.NETWORK]
    assert {"start run", "cancel", "go on", "kill", "ask to stop", "pass grace window"} <= kinds[Focus.RUNS]
    assert {"start run", "start again"} <= kinds[Focus.SCHEDULING]


def test_the_shortest_journey_that_fails_has_what_it_takes_and_no_more():
    subjects = [Focus.RUNS, Focus.TOKENS, Focus.NETWORK]
    failing = next(seed for seed in range(1, 60) if any(map(has_reset, made_up(seed, subjects, 30, NOTHING))))

    shortest = shortened(failing, subjects, 30, NOTHING, has_reset)

    assert [event.act.kind for event in shortest.events] == ["reset"]
    assert len(shortest.start.workers) <= 2


def has_reset(journey):
    return any(event.act.kind == "reset" for event in journey.events)


def test_what_is_avoided_is_in_no_journey():
    pairs = frozenset({("", "kill"), ("", "stop")})

    journeys = made_up(2, [Focus.ENROLLMENT], 60, Avoided(pairs))

    assert journeys
    assert pairs.isdisjoint(pair for each in journeys for pair in pairs_of(each))


def test_the_pair_of_acts_before_a_failure_leads_to_it():
    several = (replace(each, looks=frozenset()) for each in made_up(1, [Focus.TOKENS], MANY, NOTHING))
    journey, place = next(
        (each, place)
        for each in several
        for place, event in enumerate(each.events[:-1])
        if any(seen.kind == "rejected" for seen in event.seen)
        and not any(seen.kind == "rejected" for event in each.events[:place] for seen in event.seen)
    )
    seen = next(each for each in journey.events[place].seen if each.kind == "rejected")

    assert pair_before(journey, compared(seen).text) == pairs_of(journey)[place]
    assert pair_before(journey, script(journey)[-1].sentence.text) is None


def test_a_found_feature_has_the_way_to_the_failure_alone():
    journey = next(each for each in made_up(1, [Focus.NETWORK], 60, NOTHING) if has_reset(each))
    lines = script(journey)
    failed = next(line for line in lines if line.keyword == "Then")

    text = as_found_feature(
        journey, f"And {failed.sentence.text}", upto(lines, f"And {failed.sentence.text}"), ["Seed 1."]
    )

    assert "# Seed 1." in text
    assert f"@found-{journey.id}" in text
    assert tag_of(journey) not in text
    assert text.count("Then ") == 1
    assert failed.sentence.text in text.splitlines()[-1 - len(failed.sentence.table)]
