"""Commands about server tokens and grants."""

from __future__ import annotations

from datetime import timedelta

from standin import access, vaults
from standin.answers import respond
from standin.commandline import Call
from standin.errors import UserError
from standin.remote import ask
from standin.repository import Repository
from standin.tokens import chosen_vault, lifetime_in_seconds


def mint(call: Call) -> None:
    """`swamp access token mint`."""
    repository = Repository.here()
    vault = chosen_vault(vaults.names(repository), call.option("--vault"))
    lifetime = timedelta(seconds=lifetime_in_seconds(call.option("--duration", "30d")))
    record = access.mint(repository, call.arguments[0], call.option("--principal"), vault, lifetime)
    document = {
        "name": record["name"],
        "principalId": record["principalId"],
        "expiresAt": record["expiresAt"],
        "vaultRef": {"vaultName": vault, "secretKey": record["secretKey"]},
    }
    lines = (
        f"Token: {record['name']}",
        f"Principal: {record['principalId']}",
        f"Expires: {record['expiresAt']}",
        f"Vault: {vault} (key {record['secretKey']})",
        "",
        f"Retrieve the token with: {command_to_read(vault, record['secretKey'])}",
    )
    respond(call, document, "\n".join(lines))


def command_to_read(vault: str, key: str) -> str:
    """The command that reads a secret, for people."""
    return f"swamp vault read-secret {vault} {key} --yes"


def mint_by_method(call: Call) -> None:
    """`swamp model @swamp/server-token method run mint`."""
    model_type, method, name = call.arguments
    if (model_type, method) != (f"@{access.MODEL_TYPE}", "mint"):
        raise UserError(f"The stand-in does not run {method} of {model_type}")
    given = dict(each.split("=", 1) for each in call.options.get("--input", ()))
    milliseconds = given.get("durationMs:json")
    lasting = {} if milliseconds is None else {"lifetime": timedelta(milliseconds=int(milliseconds))}
    record = access.mint(Repository.here(), name, given["principalId"], given["vaultName"], **lasting)
    respond(call, {"name": name, "status": "succeeded"}, f"Minted {record['name']}")


def revoke(call: Call) -> None:
    """`swamp access token revoke`."""
    name = call.arguments[0]
    if call.has("--server"):
        document = ask(call.option("--server"), "access.token.revoke", name=name)
    else:
        document = access.revoke(Repository.here(), name)
    text = f"✓ Token {name} revoked.\nRevoked at: {document.get('revokedAt')}"
    respond(call, document, f"Token {name} was already revoked." if document["alreadyRevoked"] else text)


def rotate(call: Call) -> None:
    """`swamp access token rotate`."""
    name = call.arguments[0]
    document = ask(call.option("--server"), "access.token.rotate", name=name)
    respond(call, document, f"✓ Token {name} rotated.")


def read_secret(call: Call) -> None:
    """`swamp vault read-secret`."""
    vault, key = call.arguments
    value = vaults.get(Repository.here(), vault, key)
    respond(call, {"vaultName": vault, "secretKey": key, "value": value}, value)


def create_grant(call: Call) -> None:
    """`swamp access grant create`."""
    denies = call.has("--deny")
    actions = call.option("--deny" if denies else "--allow").split(",")
    subject, resource = call.option("--subject"), call.option("--on")
    if call.has("--server"):
        grant = ask(
            call.option("--server"),
            "access.grant.create",
            subject=subject,
            actions=actions,
            on=resource,
            denies=denies,
        )
    else:
        grant = access.add_grant(
            Repository.here(), subject, actions, resource, denies=denies, condition=call.option("--when")
        )
    respond(call, grant, f"Created grant {grant['id']}")


def create_group(call: Call) -> None:
    """`swamp access group create`."""
    group = access.make_group(Repository.here(), call.arguments[0])
    respond(call, group, f"Created group {group['name']}")


def add_member(call: Call) -> None:
    """`swamp access group add-member`."""
    name, client = call.arguments
    respond(call, access.add_member(Repository.here(), name, client), f"Added {client} to group {name}")


def remove_member(call: Call) -> None:
    """`swamp access group remove-member`."""
    name, client = call.arguments
    group = ask(call.option("--server"), "access.group.remove-member", name=name, client=client)
    respond(call, group, f"Removed {client} from group {name}")


def list_grants(call: Call) -> None:
    """`swamp access grant list`."""
    if call.has("--server"):
        found = ask(call.option("--server"), "access.grant.list")["grants"]
    else:
        found = access.grants(Repository.here())
    respond(call, found, "\n".join(each["id"] for each in found))


def revoke_grant(call: Call) -> None:
    """`swamp access grant revoke`."""
    identity = call.arguments[0]
    if call.has("--server"):
        grant = ask(call.option("--server"), "access.grant.revoke", identity=identity)
    else:
        grant = access.revoke_grant(Repository.here(), identity)
    respond(call, grant, f"Revoked grant {grant['id']}")


def reload(call: Call) -> None:
    """`swamp access reload`."""
    answer = ask(call.option("--server"), "access.reload")
    respond(call, answer, f"Policy snapshot reloaded: {answer['grantCount']} grant(s)")
