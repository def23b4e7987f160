"""The cause of a failed step: the product, the infrastructure, or the suite."""

from types import SimpleNamespace

import pytest

from swamp_harness.product import contracts
from swamp_harness.product.extension import share_packages
from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.product.machine import Machine
from swamp_harness.product.records import moment, tokens_from_table
from swamp_harness.product.remains import keys_of
from swamp_harness.runner.step_runner import StepRunner
from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from tests.product.test_serve_api import answering

GIVEN = SimpleNamespace(keyword="Given", name="it is", step_type="given", filename="a.feature", line=1)


def fail_in_a_given(action):
    StepRunner().run(GIVEN, None, action)


def refused():
    raise PromiseBroken("the product refused")


def malformed():
    contracts.validate("token-list", [{"name": "alpha"}], "`swamp worker token list --json`")


def test_a_failed_setup_is_an_infrastructure_error():
    with pytest.raises(InfrastructureError, match=r"could not be set up\. the product refused"):
        fail_in_a_given(refused)


def test_an_answer_that_breaks_its_contract_breaks_a_promise_during_setup_too():
    with pytest.raises(
        PromiseBroken, match=r"JSON contract \(token-list, stated by issue 630, scenario 27\)"
    ):
        fail_in_a_given(malformed)


def test_a_missing_machine_id_is_an_error_of_the_product(tmp_path):
    with pytest.raises(PromiseBroken, match="kept no machine id in its cache"):
        fail_in_a_given(Machine.at(tmp_path).save_machine_id_by_an_editor)


def test_missing_packages_are_an_error_of_the_product(tmp_path):
    machine = Machine.at(tmp_path)
    with pytest.raises(PromiseBroken, match="kept no packages"):
        fail_in_a_given(lambda: share_packages(machine, machine, Fallbacks()))


def test_an_answer_about_the_vault_without_its_keys_breaks_a_promise():
    with answering({"payload": {"data": {}}}) as (api, _), pytest.raises(PromiseBroken, match="secretKeys"):
        fail_in_a_given(lambda: keys_of(api, "v1"))


@pytest.mark.parametrize("answer", [{"payload": {"data": {}}}, {"payload": {}}, {"error": "no"}, [], 42])
def test_an_orchestrator_with_an_unexpected_answer_breaks_a_promise(answer):
    with answering(answer) as (api, _):
        for ask in (api.pool, api.leases, api.queued_steps, api.run_ids):
            with pytest.raises(PromiseBroken, match=r"[Tt]he request"):
                fail_in_a_given(ask)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-08-22T11:00:00", "2026-08-22T11:00:00+02:00"])
def test_a_time_is_in_iso_8601_and_in_utc(text):
    with pytest.raises(PromiseBroken, match="Expected a time"):
        fail_in_a_given(lambda: moment(text))


def test_a_table_with_a_malformed_time_breaks_a_promise():
    table = "NAME   STATE   EXPIRES   ENROLLMENTS\nalpha  unused  soon      -\n"
    with pytest.raises(PromiseBroken, match="Expected a time in ISO 8601, but found 'soon'"):
        fail_in_a_given(lambda: tokens_from_table(table))
