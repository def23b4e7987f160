"""A step's queries about data: the phrase of the features, and the query itself.

`fixtures/extensions/models/uat_values.ts` is the other half: it writes the data that these queries are about.
"""

from __future__ import annotations

from collections.abc import Mapping

_SEED = 'modelName == "seed"'
# A predicate of more than a thousand characters; only the last name is that of data.
_NAMES = (*(f"item-{number}" for number in range(40)), "zero")
_MANY_NAMES = " || ".join(f'{_SEED} && name == "{name}"' for name in _NAMES)
# A predicate, or a model and a kind of its data with a slash between them.
QUESTIONS: Mapping[str, str] = {
    "all data of a model": "seed / ",
    "the records of a model": "seed / record",
    "the recordings of a model": "seed / recording",
    "the texts of a model": "seed / text",
    "data of a kind with a similar name": "seed / rec",
    "data of a model with a similar name": "see / record",
    "the resources of a model": f'{_SEED} && dataType == "resource"',
    "the files of a model": f'{_SEED} && dataType == "file"',
    "the recordings of every model": 'modelType == "@uat/values" && specName == "recording"',
    "the data with a tag": f'{_SEED} && tags.shelf == "records"',
    "the data with another tag": f'{_SEED} && tags.shelf == "records, old"',
    "the data of a step": 'modelType == "@uat/values" && stepName == "other" && specName == "record"',
    "the data of a run": 'workflowRunId == "RUN" && specName == "text"',
    "the data of no run": 'workflowRunId == "RUN-" && specName == "text"',
    "one record in its first version": f'{_SEED} && name == "plain" && version == 1',
    "one record in every version": f'{_SEED} && name == "plain" && version >= 0',
    "the data with a number": f"{_SEED} && attributes.number == 2",
    "the data with an empty text": f'{_SEED} && attributes.text == ""',
    "the data of one model or another": (
        f'{_SEED} && name == "note" || modelName == "other" && name == "note"'
    ),
    "the data of an unknown model": 'modelName == "nobody"',
    "the data with one of many names": _MANY_NAMES,
    "the files of six bytes": 'modelType == "@uat/values" && dataType == "file" && size == 6',
}
