"""Logins with a password: how long one takes, what a flood of them does to other requests, and
whether the time of a refusal tells an unknown name from a wrong password."""
import asyncio
import json
import statistics
import time
import uuid

import support

PASSWORD = "correct horse battery"
USERS = 40
SINGLE_LOGINS = 100
FLOOD_PER_SECOND = 100
FLOOD_SECONDS = 15
PROBES_PER_SECOND = 100
# The address's limit is lifted: the pool of threads is what is measured.
SETTINGS = ["security.login_burst=100000", "security.logins_per_minute=1000000"]


def body_of(name, password):
    return json.dumps({"name": name, "password": password})


async def at_rate(per_second, seconds, connections, make_call):
    """Calls begin on time, whether earlier ones have ended or not; gives all (status, ms), counted
    from when each was due."""
    free = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)

    async def one(number, due):
        connection = await free.get()
        status, _ = await make_call(connection, number)
        free.put_nowait(connection)
        return status, (time.perf_counter() - due) * 1000

    begin = time.perf_counter()
    tasks = []
    for number in range(per_second * seconds):
        due = begin + number / per_second
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, due)))
    return await asyncio.gather(*tasks)


async def probe(port, seconds):
    connections = [support.Connection(port) for _ in range(8)]
    answers = await at_rate(PROBES_PER_SECOND, seconds, connections,
                            lambda connection, _: connection.call("GET", "/healthz"))
    return [milliseconds for _, milliseconds in answers]


async def flood(port, names):
    connections = [support.Connection(port) for _ in range(64)]
    return await at_rate(
        FLOOD_PER_SECOND, FLOOD_SECONDS, connections,
        lambda connection, number: connection.call(
            "POST", "/api/v1/auth/login", body_of(names[number % len(names)], PASSWORD)))


async def one_by_one(port, logins):
    connection = support.Connection(port)
    return [await connection.call("POST", "/api/v1/auth/login", body_of(*login))
            for login in logins]


async def refusals(port, names):
    """Milliseconds of refusals, in turns: of wrong passwords, and of names that nobody has."""
    wrong, unknown = [], []
    for round_number in range(4):  # Five failures of a name are free.
        logins = []
        for name in names:
            logins.append((name, f"wrong password {round_number}"))
            logins.append((f"user-{uuid.uuid4().hex[:10]}", PASSWORD))
        answers = await one_by_one(port, logins)
        assert all(status == 401 for status, _ in answers), answers
        wrong += [milliseconds for _, milliseconds in answers[0::2]]
        unknown += [milliseconds for _, milliseconds in answers[1::2]]
    return wrong, unknown


def share_slower(left, right):
    """How often one of `right` took longer than one of `left`; 0.5 tells nothing."""
    slower = sum((b > a) + 0.5 * (b == a) for a in left for b in right)
    return slower / (len(left) * len(right))


def make_users(server, count):
    names = ["user-" + uuid.uuid4().hex[:10] for _ in range(count)]
    for name in names:
        status, _ = server.request("POST", "/api/v1/principals",
                                   {"name": name, "kind": "user", "grants": []})
        assert status == 201
        status, _ = server.request("PUT", f"/api/v1/principals/{name}/password",
                                   {"password": PASSWORD})
        assert status == 204
    return names


async def measure(port, names, guessed):
    single = await one_by_one(
        port, [(names[n % len(names)], PASSWORD) for n in range(SINGLE_LOGINS)])
    assert all(status == 201 for status, _ in single)
    quiet = await probe(port, 5)
    loaded, answers = await asyncio.gather(probe(port, FLOOD_SECONDS), flood(port, names))
    wrong, unknown = await refusals(port, guessed)
    return [milliseconds for _, milliseconds in single], quiet, loaded, answers, wrong, unknown


def main():
    with support.Server(settings=SETTINGS) as server:
        users = make_users(server, 2 * USERS)
        single, quiet, loaded, answers, wrong, unknown = asyncio.run(
            measure(server.port, users[:USERS], users[USERS:]))
    by_status = {status: [ms for got, ms in answers if got == status]
                 for status in {status for status, _ in answers}}
    assert set(by_status) <= {201, 429, 503}, {s: len(v) for s, v in by_status.items()}
    served = by_status.get(201, [0])
    support.report("login", "Logins with a password", [
        ("one at a time, p50", statistics.median(single), "ms", None, ""),
        ("one at a time, p95", support.percentile(single, 0.95), "ms", None, "< 50"),
        (f"{FLOOD_PER_SECOND}/s: served", len(served) / FLOOD_SECONDS, "1/s", None, ""),
        (f"{FLOOD_PER_SECOND}/s: refused with 429 or 503",
         (len(answers) - len(served)) / FLOOD_SECONDS, "1/s", None, ""),
        (f"{FLOOD_PER_SECOND}/s: p95 of those served", support.percentile(served, 0.95), "ms",
         None, ""),
        ("GET /healthz p99, without and with them", support.percentile(loaded, 0.99), "ms",
         support.percentile(quiet, 0.99), "< 10"),
        ("refusal of a wrong password, median", statistics.median(wrong), "ms", None, ""),
        ("refusal of an unknown name, median", statistics.median(unknown), "ms",
         statistics.median(wrong), "1.00"),
        ("share of unknown names that took longer", share_slower(wrong, unknown), "of 1", None,
         "0.45 to 0.55"),
    ])


if __name__ == "__main__":
    main()
