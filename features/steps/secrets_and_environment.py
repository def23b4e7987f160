"""Secrets that steps are handed, and the environment that they find."""

from behave import given, then, when

from swamp_harness.product.commands import Output
from swamp_harness.scenario import env_observations, secret_observations
from swamp_harness.scenario.judging import judge
from swamp_harness.scenario.kinds import NOTHING_SAID
from swamp_harness.scenario.tables import rows_of


@given('the vault holds the secret "{key:Name}"')
@given('the vault holds the secret "{key:Name}", {details:SecretDetails}')
def the_vault_holds(context, key, details=NOTHING_SAID):
    """Stores a new random secret in the vault under this key."""
    context.world.given.secret(key, **details)


@given("workers log everything")
def workers_log_everything(context):
    """Sets the most detailed log level for all workers that start from now on."""
    context.world.worker_log_level = "trace"


@given("these enrolled workers:")
def these_enrolled_workers(context):
    """Starts and enrolls one worker for each row, with its log level and output format."""
    for row in rows_of(context.table, {"worker", "log level", "reports in"}):
        context.world.given.worker(
            row["worker"], log_level=row["log level"], output=Output(row["reports in"])
        )


@when("the orchestrator is restarted {details:RestartDetails}")
def the_orchestrator_is_restarted(context, details):
    """Restarts the orchestrator with other environment variables than it had."""
    changed = env_observations.variables_of(env_observations.RESTARTED, details["names"])
    context.world.restart_orchestrator(variables=changed)


@then(
    'the operator can read the text around the secret that the step "{step:Name}" wrote into "{datum:Name}"'
)
def the_operator_can_read_around_the_secret(context, step, datum):
    """Checks that what the step wrote before and after the secret can be read."""
    judge(
        f'the operator can read the text around the secret that the step "{step}" wrote into "{datum}"',
        promised=secret_observations.AROUND_SECRET,
        seen=secret_observations.around_secret(context.world, step, datum),
    )


@then('the step "{step:Name}" was handed the secret "{keys:Names}"')
@then('the step "{step:Name}" was handed the secrets "{keys:Names}"')
def the_step_was_handed(context, step, keys):
    """Checks that the step received these secrets; compares digests, never the secrets themselves."""
    judge(
        f'the step "{step}" was handed {" and ".join(keys)}, told by their digests',
        promised=[secret_observations.digest_of(context.world, key) for key in keys],
        seen=context.world.journal.remark("digest", step).split(),
    )


@then('every step was handed the secret "{key:Name}"')
def every_step_was_handed(context, key):
    """Checks that every step of the workflow received the secret; compares digests."""
    steps = [step.name for step in context.world.workflow.steps]
    judge(
        f'every step was handed the secret "{key}", told by its digest',
        promised=dict.fromkeys(steps, secret_observations.digest_of(context.world, key)),
        seen={step: context.world.journal.remark("digest", step) for step in steps},
    )


@then('no answer about the run shows the secret of "{key:Name}"')
def no_answer_shows(context, key):
    """Checks that no command about the run prints the secret."""
    judge(
        f'no answer of the product about the run shows the secret of "{key}"',
        promised=[],
        seen=secret_observations.leaks_in_answers(context.world, key),
    )


@then('the step "{step:Name}" was refused what it asked the vault for')
def the_step_was_refused(context, step):
    """Checks that the vault refused the step's request for a secret."""
    judge(
        f'the step "{step}" was refused what it asked the vault for',
        promised="refused",
        seen=secret_observations.answer_of_vault(context.world, step).partition(":")[0],
    )


@then('the vault gave the step "{step:Name}" the secret "{name:Name}"')
def the_vault_gave_the_step(context, step, name):
    """Checks that the vault returned this secret to the step; compares digests."""
    judge(
        f'the vault gave the step "{step}" the secret "{name}"',
        promised=f"got {secret_observations.digest_of(context.world, name)}",
        seen=secret_observations.answer_of_vault(context.world, step),
    )


@then('the steps on "{worker:Name}" found these variables:')
def the_steps_found(context, worker):
    """Checks where each variable in the steps' environment came from."""
    promised = rows_of(context.table, {"step", "start", "variable", "found that of"})
    judge(
        f'the steps on "{worker}" found these variables',
        promised=promised,
        seen=env_observations.found_variables(context.world, worker, promised),
    )


@then('the step "{step:Name}" found nothing of the control plane on "{worker:Name}"')
def the_step_found_nothing(context, step, worker):
    """Checks that the step's environment has no credential, address or variable of the connection."""
    judge(
        f'the step "{step}" found nothing of the control plane in its environment',
        promised=[],
        seen=env_observations.of_the_control_plane(context.world, worker, step),
    )
