"""A few commands of swamp, enough for the suite to run a scenario, with defects to choose from.

It is only for tests of the harness around the scenarios. No scenario is proven against it.
Called as: fake_swamp.py SECRETS_FILE DEFECTS ARGUMENT...
"""

import json
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TextIO

from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as websocket_server

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.disguised import DISGUISES

secrets_file, defects, arguments = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
TOKENS = Path(".swamp", "fake-tokens.json")


def stamp(after: float = 0) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=after):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def tokens() -> list:
    return json.loads(TOKENS.read_text()) if TOKENS.exists() else []


def say_in_disguise(secret: str, stream: TextIO) -> None:
    if "disguised" in defects:
        for name, disguise in DISGUISES.items():
            print(f"{name}: {disguise(secret)}", file=stream, flush=True)


def lifetime() -> int:
    asked = arguments[arguments.index("--duration") + 1]
    return int(asked[:-1]) * {"m": 60, "h": 3600}[asked[-1]]


def mint(name: str) -> None:
    if "." in name:
        sys.exit("Error: Name must be lowercase alphanumeric")
    secret = secrets.token_hex(32)
    with secrets_file.open("a") as file:
        file.write(f"{secret}\n")
    record = {
        "name": name, "state": "unused", "effectiveState": "unused", "createdAt": stamp(),
        "expiresAt": stamp(lifetime()), "maxEnrollments": 1, "bindingCount": 0, "bindings": [],
        "vaultName": "v1", "secretKey": f"worker-token-{name}",
    }  # fmt: skip
    if "disguised" in defects:
        record["vaultName"] = secret
    TOKENS.write_text(json.dumps([*tokens(), record]))
    answer = {
        "name": name, "token": f"{name}.{secret}", "expiresAt": record["expiresAt"], "maxEnrollments": 1,
        "vaultRef": {"vaultName": "v1", "secretKey": record["secretKey"]},
    }  # fmt: skip
    if "leaky" in defects:
        Path("leak.log").write_text(f"minted {secret}")
    if "wordy" in defects:
        print(f"minting {secret}", file=sys.stderr)
    if "lost-field" in defects:
        del answer["vaultRef"]
    if "--json" in arguments:
        print(json.dumps(answer, indent=2))
    elif "disguised" in defects:
        print(f"Token: {name}\n\n  {name}.\x1b[32m{secret[:40]}\n  {secret[40:]}\x1b[0m\n".upper())
    else:
        print(f"Token: {name}\n\n  {name}.{secret}\n")
    say_in_disguise(secret, sys.stderr)
    if "twice" in defects:
        print(f"{name}.{secret}", file=sys.stderr)


def answer_over_http(connection: ServerConnection, request: Request) -> Response | None:
    if "Upgrade" in request.headers:
        return None
    return connection.respond(HTTPStatus.OK, json.dumps({"ready": True, "workers": []}))


def know_no_request(socket: ServerConnection) -> None:
    socket.recv()
    error = {"code": "invalid_request", "message": "Invalid request: type: Invalid discriminator value."}
    socket.send(json.dumps({"type": "error", "id": "1", "error": error}))


def serve() -> None:
    if "port-taken" in defects:
        sys.exit("AddrInUse: Address already in use (os error 98)")
    server = websocket_server(know_no_request, "127.0.0.1", 0, process_request=answer_over_http)
    # A grandchild that outlives its parent unless the suite ends it.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    print(f'WebSocket API server listening on "ws://127.0.0.1:{server.socket.getsockname()[1]}"', flush=True)
    server.serve_forever()


def connect() -> None:
    print(f"Connecting to {arguments[2]} (attempt 1)...", flush=True)
    token = arguments[arguments.index("--token") + 1]
    print(f"presenting {token}", flush=True)
    for stream in (sys.stdout, sys.stderr):
        say_in_disguise(token.partition(".")[2], stream)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    time.sleep(300)


if "silent" in defects:
    time.sleep(300)
match arguments:
    case ["--version"]:
        print("kermit 1.0" if "impostor" in defects else "swamp 20260101.000000.0-sha.fake")
    case ["repo", "init", *_]:
        Path(".swamp").mkdir()
    case ["vault", "create", *_]:
        Path(".swamp", "vault.yaml").write_text(f"base_dir: {Path.cwd()}\n")
    case ["serve", *_]:
        serve()
    case ["worker", "token", "create", name, *_]:
        if "hostile" in defects:
            sys.stdout.buffer.write(Path(__file__).with_name("hostile-output.txt").read_bytes())
            print("long " * 2_000_000)
            sys.exit(json.dumps({"error": "lone \ud800 half"}))
        mint(name)
    case ["worker", "token", "list", *_]:
        for record in tokens() if "disguised" in defects else []:
            say_in_disguise(record["vaultName"], sys.stdout)
        print(json.dumps(tokens()))
    case ["worker", "connect", *_]:
        connect()
    case _:
        sys.exit(f"the fake swamp does not know {arguments}")
