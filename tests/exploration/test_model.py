"""What the model of the promises says after acts: tokens, workers, and the steps of a run."""

from dataclasses import replace

import pytest

from swamp_harness.exploration import model
from swamp_harness.exploration.model import (
    Dispatch,
    End,
    Rejection,
    State,
    Step,
    Token,
    Undetermined,
    Work,
    Worker,
)


def with_workers(steps=(), **workers):
    state = State(steps=tuple(steps))
    for name, worker in workers.items():
        state = model.enrolled(model.minted(state, worker.token, Token()), name, worker)
    return state


def one_worker(work, **worker):
    return with_workers([Step("build", "any", work)], alpha=Worker("alpha", **worker))


@pytest.mark.parametrize("connected", [True, False])
def test_an_expiry_is_recorded_for_certain_if_it_ends_a_connection(connected):
    state = with_workers(alpha=Worker("alpha"))
    state = state if connected else model.lost(state, "alpha", running=False)
    assert model.expired(state, "alpha").tokens["alpha"].recorded is connected


def test_a_token_is_enrolled_expired_or_revoked():
    state = with_workers(alpha=Worker("alpha"))
    assert state.tokens["alpha"].state == "enrolled"
    assert model.minted(state, "beta", Token()).tokens["beta"].state == "unused"
    assert model.expired(state, "alpha").tokens["alpha"].state == "expired"
    assert model.revoked(model.expired(state, "alpha"), "alpha").tokens["alpha"].state == "revoked"


def test_why_a_worker_is_rejected():
    state = with_workers(alpha=Worker("alpha"))

    assert model.rejection(state, "alpha", "alpha") is None
    assert model.rejection(state, "beta", "alpha") is Rejection.BOUND
    assert model.rejection(state, "beta", "nobody") is Rejection.NEVER_MINTED
    assert model.rejection(model.revoked(state, "alpha"), "alpha", "alpha") is Rejection.REVOKED
    assert model.rejection(model.expired(state, "alpha"), "alpha", "alpha") is Rejection.EXPIRED
    with pytest.raises(Undetermined):
        model.rejection(model.revoked(state, "alpha"), "beta", "alpha")


def test_a_token_for_two_machines_admits_two():
    state = model.minted(State(), "fleet", Token(machines=2))
    state = model.enrolled(state, "alpha", Worker("fleet"))
    assert model.rejection(state, "beta", "fleet") is None
    state = model.enrolled(state, "beta", Worker("fleet"))
    assert model.rejection(state, "gamma", "fleet") is Rejection.BOUND
    assert model.rejection(state, "alpha", "fleet") is None


def test_a_deadline_disconnects_the_workers_of_a_token():
    state = model.expired(with_workers(alpha=Worker("alpha"), beta=Worker("beta")), "alpha")

    assert not state.workers["alpha"].connected
    assert state.workers["beta"].connected


def test_a_step_that_pauses_runs_until_it_goes_on():
    state = model.started(one_worker(Work.PAUSING))
    assert state.running == ["build"]
    assert model.end_of(state) is None

    state = model.released(state, "build")

    assert model.end_of(state) is End.SUCCEEDED
    assert state.dispatches == (Dispatch("build", "alpha", "completed", wrote=True),)
    assert state.data == {("build", "result"): (1, "alpha")}


@pytest.mark.parametrize("change", [{"running": False}, {"cut": True}])
def test_a_step_that_has_not_written_runs_again_when_its_worker_is_back(change):
    state = model.lost(model.started(one_worker(Work.PAUSING)), "alpha", **change)
    assert state.running == ["build"], "within the grace window it waits for its worker"

    state = model.returned(state, "alpha")

    assert [each.lease for each in state.dispatches] == ["expired", "completed"]
    assert state.starts == (("build", "alpha"), ("build", "alpha"))
    assert model.end_of(state) is End.SUCCEEDED


def test_a_step_that_has_written_fails_the_run_when_its_worker_is_back():
    state = model.started(one_worker(Work.WRITING_FIRST))

    state = model.returned(model.lost(state, "alpha", cut=True), "alpha")

    assert state.dispatches == (Dispatch("build", "alpha", "failed", wrote=True),)
    assert model.end_of(state) is End.WORKER_LOST
    assert state.data == {("build", "before"): (1, "alpha")}


def test_a_step_whose_worker_stays_away_runs_on_another_one_after_the_grace_window():
    steps = [Step("build", "any", Work.PAUSING)]
    state = model.lost(model.started(with_workers(steps, alpha=Worker("alpha"))), "alpha", running=False)
    state = model.enrolled(model.minted(state, "beta", Token()), "beta", Worker("beta"))
    assert state.on("alpha") == ["build"]

    state = model.given_up(state, "alpha")

    assert [(each.worker, each.lease) for each in state.dispatches] == [
        ("alpha", "expired"),
        ("beta", "completed"),
    ]


def test_a_worker_that_is_asked_to_stop_finishes_its_steps_and_takes_no_others():
    steps = [Step("build", "any", Work.PAUSING), Step("ship", "any", Work.AT_ONCE, after="build")]
    state = model.asked_to_stop(model.started(with_workers(steps, alpha=Worker("alpha", slots=2))), "alpha")
    assert model.drained(state) == []

    state = model.released(state, "build")

    assert model.drained(state) == ["alpha"]
    assert state.waiting == ["ship"]


def test_a_worker_that_may_not_return_stays_away():
    state = model.lost(model.revoked(one_worker(Work.AT_ONCE), "alpha"), "alpha", cut=True)

    state = model.returned(state, "alpha")

    assert not state.workers["alpha"].running


def test_a_step_waits_until_a_worker_has_a_free_slot():
    steps = [Step("build", "any", Work.PAUSING), Step("ship", "alpha", Work.AT_ONCE)]
    with pytest.raises(Undetermined):  # which of the two gets the slot first is open
        model.started(with_workers(steps, alpha=Worker("alpha")))

    state = model.started(with_workers(steps, alpha=Worker("alpha", slots=2)))

    assert state.running == ["build"]
    assert [each.step for each in state.dispatches] == ["ship"]


def test_which_of_two_free_workers_gets_a_step_is_open():
    steps = [Step("build", "any", Work.AT_ONCE)]
    with pytest.raises(Undetermined):
        model.started(with_workers(steps, alpha=Worker("alpha"), beta=Worker("beta")))


def test_a_step_waits_for_its_pool_and_for_its_worker():
    steps = [Step("build", "a", Work.AT_ONCE), Step("ship", "beta", Work.AT_ONCE)]
    state = model.started(with_workers(steps, alpha=Worker("alpha", pool="b")))
    assert state.waiting == ["build", "ship"]

    state = model.enrolled(model.minted(state, "beta", Token()), "beta", Worker("beta", pool="a"))

    assert model.end_of(state) is End.SUCCEEDED


def test_a_cancelled_run_leaves_nothing():
    steps = [Step("build", "any", Work.WRITING_FIRST), Step("ship", "b", Work.AT_ONCE)]
    state = model.started(with_workers(steps, alpha=Worker("alpha")))

    state = model.cancelled(state)

    assert state.open is None
    assert state.dispatches == (Dispatch("build", "alpha", "failed", wrote=True),)
    assert state.known


def test_how_the_lease_of_a_lost_worker_ends_after_a_cancellation_is_open():
    state = model.lost(model.started(one_worker(Work.PAUSING)), "alpha", running=False)

    assert not model.cancelled(state).known


def test_a_run_fails_for_its_reason_and_a_second_one_writes_the_next_version():
    steps = [Step("build", "any", Work.FAILING), Step("ship", "any", Work.AT_ONCE)]
    state = model.started(with_workers(steps, alpha=Worker("alpha")))
    assert model.end_of(state) is End.STEP_FAILED

    state = model.started(model.over(state))

    assert state.data == {("ship", "result"): (2, "alpha")}


def test_a_restarted_orchestrator_keeps_tokens_and_workers():
    state = with_workers(alpha=Worker("alpha", cuttable=True))

    after = model.restarted(state)

    assert after.tokens == state.tokens
    assert after.workers["alpha"] == replace(state.workers["alpha"], first=False, steady=False)


def test_a_killed_orchestrator_ends_the_lease_of_what_ran():
    state = model.restarted(model.started(one_worker(Work.PAUSING, cuttable=True)))

    assert state.open is None
    assert state.last is None, "how its run ends is open"
    assert state.dispatches == (Dispatch("build", "alpha", "expired", wrote=False),)


def test_a_step_waits_for_the_one_before_it():
    steps = [Step("build", "any", Work.PAUSING), Step("ship", "any", Work.AT_ONCE, after="build")]
    state = model.started(with_workers(steps, alpha=Worker("alpha", slots=2)))
    assert (state.running, state.waiting) == (["build"], [])

    state = model.released(state, "build")

    assert [each.step for each in state.dispatches] == ["build", "ship"]
    assert model.end_of(state) is End.SUCCEEDED


def test_a_step_after_one_that_failed_never_begins():
    steps = [Step("build", "any", Work.FAILING), Step("ship", "any", Work.AT_ONCE, after="build")]
    state = model.started(with_workers(steps, alpha=Worker("alpha")))

    assert [each.step for each in state.dispatches] == ["build"]
    assert model.end_of(state) is End.STEP_FAILED


def test_whether_a_step_waits_for_others_than_the_one_before_it_is_open():
    steps = [
        Step("build", "any", Work.AT_ONCE),
        Step("test", "any", Work.PAUSING),
        Step("ship", "any", Work.AT_ONCE, after="build"),
    ]
    with pytest.raises(Undetermined):
        model.started(with_workers(steps, alpha=Worker("alpha", slots=3)))


def test_a_step_that_asks_for_two_labels_runs_on_a_worker_with_both():
    steps = [Step("build", "a", Work.AT_ONCE, special=True)]
    state = model.started(with_workers(steps, alpha=Worker("alpha", pool="a")))
    assert state.waiting == ["build"]

    state = model.started(with_workers(steps, alpha=Worker("alpha", pool="a", special=True)))

    assert model.end_of(state) is End.SUCCEEDED


@pytest.mark.parametrize(
    ("work", "leases", "end"),
    [
        (Work.PAUSING, [("alpha", "expired"), ("beta", "completed")], End.SUCCEEDED),
        (Work.WRITING_FIRST, [("alpha", "failed")], End.WORKER_LOST),
    ],
)
def test_a_deadline_ends_a_step_as_if_its_worker_were_lost(work, leases, end):
    state = model.started(one_worker(work))
    state = model.enrolled(model.minted(state, "beta", Token()), "beta", Worker("beta"))

    state = model.expired(state, "alpha")

    assert [(each.worker, each.lease) for each in state.dispatches] == leases
    assert model.end_of(state) is end


def test_a_cancellation_stops_what_runs_unless_it_ignores_that():
    steps = [Step("build", "any", Work.PAUSING), Step("test", "any", Work.STUBBORN)]
    state = model.started(with_workers(steps, alpha=Worker("alpha", slots=2)))

    assert model.stopped(state) == ["build"]
    assert model.cancelled(state).last is End.CANCELLED


def test_only_the_first_revocation_changes_a_token():
    state = model.revoked(with_workers(alpha=Worker("alpha")), "alpha")
    assert state.newly_revoked == "alpha"
    assert model.revoked(state, "alpha").newly_revoked == ""


def test_the_shape_of_a_state_has_no_names():
    one = model.started(one_worker(Work.PAUSING))
    other = model.started(with_workers([Step("test", "any", Work.PAUSING)], gamma=Worker("beta")))

    assert model.shape(one) == model.shape(other)
    assert model.shape(one) == "tokens enrolled; workers connected with a step; a run with steps running"


def test_how_many_steps_ran_at_once_is_known_if_they_certainly_overlapped():
    two = [Step("build", "any", Work.PAUSING), Step("test", "any", Work.PAUSING)]
    both = model.started(with_workers(two, alpha=Worker("alpha", slots=2)))
    assert both.peaks["alpha"].exact == 2
    one_slot = model.started(one_worker(Work.AT_ONCE))
    assert one_slot.peaks["alpha"].exact == 1


def test_how_many_steps_ran_at_once_is_open_if_one_may_have_ended_before():
    steps = [Step("build", "any", Work.PAUSING), Step("test", "any", Work.AT_ONCE)]
    state = model.started(with_workers(steps, alpha=Worker("alpha", slots=2)))
    assert state.peaks["alpha"].exact is None
    again = model.started(model.over(model.released(state, "build")))
    assert again.peaks["alpha"].exact is None


def test_how_many_steps_ran_at_once_is_open_after_a_worker_was_lost_with_one():
    state = model.started(one_worker(Work.PAUSING))
    state = model.returned(model.lost(state, "alpha", running=False), "alpha")
    assert "alpha" not in state.peaks
