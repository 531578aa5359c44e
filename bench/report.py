"""What was measured, for people and for programs."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench.rounds import Result
from bench.servers import LIMIT, PRODUCT, Server

SINGLE_GOAL, MANY_GOAL, CYCLE_GOAL, RIVAL_GOAL, MEMORY_GOAL = 1.6, 0.9, 0.9, 1.0, 150.0
NOISE = """Shares count: they compare servers within the same round. Absolute figures move with whatever else the machine does;
where that is much, the share by processor time, of server and PostgreSQL together for one request, is the steadier one."""


def print_works(results: Sequence[Result], connections: int) -> None:
    """One line for each server of each work, and the shares below."""
    print(f"\nworks at {connections} connections; medians of the rounds. {NOISE}\n")
    head = f"{'':4} {'server':13} {'requests/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'cpu us: server + PostgreSQL':>28}"
    print(f"{head}   the product's share of it: median (range); by processor time")
    for result in results:
        goal = f", goal {result.work.goal:.2f} of the limit" if result.work.goal else ""
        print(f"\n{result.work.key:4} {result.work.title}{goal}; errors: {_errors(result)}")
        for server in result.rounds:
            rate = result.median(server, lambda one: one.measured.rate)
            p50 = result.median(server, lambda one: one.measured.p50)
            p99 = result.median(server, lambda one: one.measured.p99)
            ours, database = (
                result.median(server, value) for value in (lambda one: one.server_cpu, lambda one: one.database_cpu)
            )
            share = "" if server == PRODUCT else _both_shares(result, server)
            print(f"{'':4} {server:13} {rate:10.0f} {p50:8.2f} {p99:8.2f} {ours:17.0f} + {database:8.0f}   {share}")


def _both_shares(result: Result, server: str) -> str:
    cpu = statistics.median(result.cpu_shares(server))
    return f"{_share(result.shares(server), _goal(result, server))}; {cpu:.2f}"


def _goal(result: Result, server: str) -> float | None:
    return result.work.goal if server == LIMIT else RIVAL_GOAL


def _errors(result: Result) -> str:
    """How many answers were not as they should be; where there are any, the shares say nothing."""
    answers = [one.measured.example for rounds in result.rounds.values() for one in rounds if one.measured.example]
    example = f", THE SHARES SAY NOTHING: {answers[0]!r}" if answers else ""
    return f"{result.errors}{example}"


def _share(shares: Sequence[float], goal: float | None) -> str:
    text = f"{statistics.median(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})"
    return text if goal is None else f"{text}  {_verdict(statistics.median(shares) >= goal)}"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"


def print_single(results: Sequence[Result]) -> None:
    print(f"\none connection: p50 in ms, product over limit (goal at most {SINGLE_GOAL})")
    for result in results:
        ratios = single_ratios(result)
        p50 = {name: result.median(name, lambda one: one.measured.p50) for name in (PRODUCT, LIMIT)}
        middle = statistics.median(ratios)
        print(
            f"{result.work.key:4} {p50['product']:8.2f} /{p50['limit']:7.2f} = {middle:.2f}"
            f" ({min(ratios):.2f} to {max(ratios):.2f})  {_verdict(middle <= SINGLE_GOAL)}"
        )


def single_ratios(result: Result) -> list[float]:
    pairs = zip(result.rounds[PRODUCT], result.rounds[LIMIT], strict=True)
    return [one.measured.p50 / two.measured.p50 for one, two in pairs]


def print_pairs(title: str, results: Sequence[Result], ours: str, of: str, goal: float) -> None:
    """The product's rate under two circumstances, as the ratio of the first to the second."""
    print(f"\n{title} (goal {goal})")
    for result in results:
        rates = [result.median(name, lambda one: one.measured.rate) for name in (ours, of)]
        share = _share(result.shares(of, ours), goal)
        print(f"{result.work.key:4} {rates[0]:8.0f} /{rates[1]:8.0f} = {share}; errors: {_errors(result)}")


def print_memory(
    when: str, servers: Mapping[str, Server], products: Sequence[str] = (PRODUCT,)
) -> dict[str, dict[str, float]]:
    """Resident memory and what is not shared, of each server; returns the same. ``products`` are held against the goal."""
    print(f"\nmemory {when}, in MiB (goal for the product: under {MEMORY_GOAL:.0f})")
    found = {}
    for name, server in servers.items():
        resident, own = server.memory()
        verdict = f"  {_verdict(resident < MEMORY_GOAL)}" if name in products else ""
        print(f"     {name:15} {resident:6.0f} resident, {own:6.0f} not shared{verdict}")
        found[name] = {"resident": resident, "own": own}
    return found


def as_data(results: Sequence[Result]) -> dict[str, Any]:
    """The same for programs: every round of every work."""
    return {
        result.work.key: {
            "title": result.work.title,
            "goal": result.work.goal,
            "shares": {server: result.shares(server) for server in result.rounds if server != PRODUCT},
            "cpu_shares": {server: result.cpu_shares(server) for server in result.rounds if server != PRODUCT},
            "rounds": {
                server: [
                    {
                        "rate": one.measured.rate,
                        "p50": one.measured.p50,
                        "p99": one.measured.p99,
                        "errors": one.measured.errors,
                        "server_cpu_us": one.server_cpu,
                        "database_cpu_us": one.database_cpu,
                    }
                    for one in rounds
                ]
                for server, rounds in result.rounds.items()
            },
        }
        for result in results
    }
