"""The data and secrets that steps have written, from the requests of `swamp data` and `swamp vault`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swamp_harness.product.serve_api import ServeApi
from swamp_harness.system.errors import ContractBroken

# The names of the reports that the product writes about each method and about each run of a workflow.
REPORT_OF_METHOD, REPORT_OF_WORKFLOW = "@swamp/method-summary", "@swamp/workflow-summary"
WORKFLOW_TYPE = "workflow"


def report_names(api: ServeApi, subject: str) -> set[str]:
    """The names of the recorded reports about a type of model, or about workflows.

    Raises:
        NoAnswer: the orchestrator does not answer.
        PromiseBroken: an answer breaks its contract.
    """
    found = api.data(
        "data.query", "data-query", predicate=f'dataType == "report" && modelType == "{subject}"'
    )["results"]
    return {str(item["tags"].get("reportName", "")) for item in found}


def data_of_model(api: ServeApi, model: str) -> dict[str, Any]:
    """All facts about the data of a model instance, in the latest version, by the data's names.

    They are the answers of `swamp data query`, `swamp data get` and `swamp data versions`, without the
    reports and logs that the product writes about a step.

    Raises:
        NoAnswer: the orchestrator does not answer.
        PromiseBroken: an answer breaks its contract.
    """
    found = api.data("data.query", "data-query", predicate=f'modelName == "{model}"')["results"]
    return {item["name"]: _all_about(api, model, item) for item in found if not _is_the_products(item)}


def secrets_that_name(api: ServeApi, vault: str, words: Sequence[str]) -> dict[str, str]:
    """The secrets of a vault whose key contains one of the words, with their values.

    Raises:
        NoAnswer: the orchestrator does not answer.
        UnknownRequest: the release does not know the request.
        RequestRefused: the orchestrator refused it.
        ContractBroken: the answer lacks the requested field.
    """
    return {
        key: _field(api, "vault.read-secret", "value", vaultName=vault, secretKey=key)
        for key in keys_of(api, vault)
        if any(word in key for word in words)
    }


def keys_of(api: ServeApi, vault: str) -> list[str]:
    """The keys of a vault.

    Raises:
        NoAnswer: the orchestrator does not answer.
        UnknownRequest: the release does not know the request.
        RequestRefused: the orchestrator refused it.
        ContractBroken: the answer lacks the requested field.
    """
    return list(_field(api, "vault.list-keys", "secretKeys", vaultName=vault))


def _field(api: ServeApi, request: str, field: str, **payload: object) -> Any:
    data = api.ask(request, **payload)
    if not isinstance(data, dict) or field not in data:
        raise ContractBroken(f'The request "{request}" was answered without the field {field}.')
    return data[field]


def _all_about(api: ServeApi, model: str, queried: dict[str, Any]) -> dict[str, Any]:
    name = queried["name"]
    datum = api.data("data.get", "data-get", modelIdOrName=model, dataName=name, includeContent=True)
    versions = api.data("data.versions", "data-versions", modelIdOrName=model, dataName=name)["versions"]
    return {"queried": queried, "got": datum, "versions": versions}


def _is_the_products(item: dict[str, Any]) -> bool:
    return str(item["name"]).startswith("report-") or item.get("dataType") not in ("resource", "file")
