"""The operator at another machine, and TLS between everybody."""

from behave import given, then, when

from swamp_harness.scenario import run_events
from swamp_harness.scenario.judging import judge


@given("an orchestrator with {certificate:Certificate}")
def an_orchestrator_with_a_certificate(context, certificate):
    context.world.set_up_orchestrator(identity=certificate)


@given("everybody trusts {trust:Trust}")
def everybody_trusts(context, trust):
    context.world.security.trust(trust)


@given("the operator is at another machine, without a repository")
def the_operator_is_at_another_machine(context):
    context.world.set_up_another_machine()


@when('the step "{step:Name}" goes on once the operator has seen what it says')
def the_step_goes_on_once_heard(context, step):
    run_events.go_on_once_heard(context.world, step)


@then("nothing was left on the other machine")
def nothing_was_left(context):
    judge(
        "on the other machine there is nothing new but a person's own settings of swamp",
        promised=[],
        seen=context.world.elsewhere.left_behind(),
    )


@then('the worker "{worker:Name}" ends, failing, and has not enrolled')
def the_worker_ends_failing(context, worker):
    ending = context.world.workers[worker].wait_until_ended()
    judge(
        f'the worker "{worker}" ends by itself with a failing exit code, and has not enrolled',
        promised={"failing": True, "enrolled": False},
        seen={"failing": ending.failing, "enrolled": ending.enrolled},
    )


@then('the worker "{worker:Name}" says what is wrong with the certificate')
def the_worker_says_what_is_wrong(context, worker):
    judge(
        f'the worker "{worker}" says what is wrong with the certificate',
        promised=[context.world.security.flaw],
        seen=context.world.workers[worker].rejections,
    )
