"""The operator at another machine, and TLS between everybody."""

from behave import given, then, when

from swamp_harness.scenario import elsewhere_observations, run_events
from swamp_harness.scenario.judging import judge
from swamp_harness.scenario.kinds import NOTHING_SAID
from swamp_harness.scenario.tables import rows_of


@given('the model "{model:Name}"')
def the_model(context, model):
    """Creates a repository with a model whose methods can be run without a workflow."""
    context.world.given.model(model)


@given("everybody trusts {trust:Trust}")
def everybody_trusts(context, trust):
    """Sets whose certificates the operator and all new workers trust."""
    context.world.given.trust(trust)


@given("the operator is at another machine, without a repository")
@given("the operator is at another machine, without a repository, {details:MachineDetails}")
@when("the operator goes to another machine, without a repository")
def the_operator_is_at_another_machine(context, details=NOTHING_SAID):
    """Moves the operator to a machine that has only swamp and the orchestrator's address."""
    context.world.given.another_machine(**details)


@when('the network of the operator is down while "{step:Name}" ends and "{later:Name}" begins')
def the_network_of_the_operator_is_down(context, step, later):
    """Breaks the operator's network while the first step ends and the later one begins, then restores it."""
    run_events.break_network_between(context.world, step, later)


@when('the step "{step:Name}" goes on once the operator has seen what it says')
def the_step_goes_on_once_heard(context, step):
    """Waits until the operator sees the step's output, then lets the step continue."""
    run_events.go_on_once_heard(context.world, step)


@then("the operator has seen what these steps said while they still ran:")
def the_operator_has_seen(context):
    """Checks that the operator saw the output of these steps while they were still running."""
    judge(
        "the operator has seen what these steps said while they still ran",
        promised=[row["step"] for row in rows_of(context.table, {"step"})],
        seen=context.world.heard_in_time,
    )


@then('the operator was told once that each of the steps "{steps:Names}" began, spoke and was done')
def the_operator_was_told_once(context, steps):
    """Checks that the operator saw the start, the output and the end of each step exactly once."""
    judge(
        f"the operator was told once that each of the steps {' and '.join(steps)} began, spoke and was done",
        promised=elsewhere_observations.told_once(steps),
        seen=elsewhere_observations.times_told(context.world, steps),
    )


@then("an operator there who runs a method is shown its result, in text and in JSON")
def an_operator_there_is_shown_the_result(context):
    """Runs a method from the other machine and checks the result it shows in text and in JSON."""
    world = context.world
    judge(
        "a method that is run through the orchestrator succeeds and shows its result, in text and in JSON",
        promised=elsewhere_observations.expected_of_method(world),
        seen=elsewhere_observations.shown_of_method(world),
    )


@then("an operator there who runs a method that fails is told so, in text and in JSON")
def an_operator_there_is_told_of_the_failure(context):
    """Runs a failing method from the other machine and checks exit code and reason in both outputs."""
    judge(
        "a method that is run through the orchestrator and fails fails for whoever runs it, and says why",
        promised=elsewhere_observations.expected_of_failing_method(),
        seen=elsewhere_observations.told_of_failing_method(context.world),
    )


@then("an operator there is told why, in text and in JSON, who:")
def an_operator_there_is_told_why(context):
    """Runs these wrong commands from the other machine and checks the reason each gives."""
    promised = rows_of(context.table, {"errs", "reason"})
    judge(
        "the command fails and says why, to a person and to a script, with the same exit code",
        promised=promised,
        seen=elsewhere_observations.told_why(context.world, [row["errs"] for row in promised]),
    )


@then("nothing was left on the other machine")
def nothing_was_left(context):
    """Checks that the product wrote only the user's own settings on the other machine."""
    judge(
        "on the other machine there is nothing new but a person's own settings of swamp",
        promised=[],
        seen=context.world.elsewhere.left_behind(),
    )


@then('the worker "{worker:Name}" ends, failing, and has not enrolled')
def the_worker_ends_failing(context, worker):
    """Waits until the worker exits, then checks that it failed and did not enroll."""
    ending = context.world.workers[worker].wait_until_ended()
    judge(
        f'the worker "{worker}" ends by itself with a failing exit code, and has not enrolled',
        promised={"failing": True, "enrolled": False},
        seen={"failing": ending.failing, "enrolled": ending.enrolled},
    )


@then('the worker "{worker:Name}" says what is wrong with the certificate')
def the_worker_says_what_is_wrong(context, worker):
    """Checks that the worker names what is wrong with the orchestrator's certificate."""
    judge(
        f'the worker "{worker}" says what is wrong with the certificate',
        promised=[context.world.security.flaw],
        seen=context.world.workers[worker].rejections,
    )
