"""The benchmark's own arithmetic: what it reads from wrk, how shares are taken, and when two servers count as alike."""

import pytest

from bench.checks import difference
from bench.load import LoadError, Measured, parsed
from bench.profile import place_of, room_of
from bench.report import single_ratios
from bench.rival import renamed
from bench.rounds import Result, Timed
from bench.works import works


def timed(rate: float, *, p50: float = 1.0, cpu: tuple[float, float] = (100.0, 100.0)) -> Timed:
    return Timed(Measured(requests=10, rate=rate, p50=p50, p99=p50, errors=0, example=""), *cpu)


def test_what_wrk_prints() -> None:
    said = "Running 2s test\nRESULT\t1500\t2500000\t1250\t9870\t3\t500 sorry\tfor that\n  1500 requests in 2.5s\n"
    assert parsed(said) == Measured(
        requests=1500, rate=600.0, p50=1.25, p99=9.87, errors=3, example="500 sorry\tfor that"
    )


def test_wrk_without_a_result() -> None:
    with pytest.raises(LoadError, match=r"^wrk failed: unable to connect$"):
        parsed("", "unable to connect\n")


def test_shares_are_taken_round_by_round() -> None:
    result = Result(works()[0])
    result.rounds = {
        "product": [timed(50, cpu=(300, 100)), timed(90, cpu=(100, 100))],
        "limit": [timed(100, cpu=(50, 50)), timed(100, cpu=(100, 50))],
    }
    assert result.shares("limit") == [0.5, 0.9]
    assert result.cpu_shares("limit") == [0.25, 0.75]
    assert result.shares("postgraphile") == []
    assert result.median("limit", lambda one: one.measured.rate) == 100


def test_one_connection_compares_latencies() -> None:
    result = Result(works()[0])
    result.rounds = {"product": [timed(1, p50=3.0)], "limit": [timed(1, p50=2.0)]}
    assert single_ratios(result) == [1.5]


def test_the_rival_in_the_words_of_the_product() -> None:
    line = {"sku": "P", "total": "1.00", "unitPrice": "0.50"}
    answer = {
        "nodes": [
            {"status": "draft", "priority": "high", "total": "9.00", "currency": "EUR", "lines": {"nodes": [line]}}
        ]
    }
    lines = {"nodes": [{"sku": "P", "total": {"amount": "1.00"}, "unitPrice": {"amount": "0.50"}}]}
    assert renamed(answer) == {
        "nodes": [
            {
                "status": {"key": "draft"},
                "priority": "HIGH",
                "total": {"amount": "9.00", "currency": "EUR"},
                "lines": lines,
            }
        ]
    }
    own = renamed({"orderedAt": "2026-01-01T00:00:00.000000+00:00", "score": "7.5"}, ("score",))
    assert own == {"orderedAt": "2026-01-01T00:00:00+00:00", "custom": {"score": "7.5"}}


def test_the_first_difference_is_named() -> None:
    one = {"nodes": [{"number": "1"}, {"number": "2"}], "totalCount": 2}
    two = {"nodes": [{"number": "1"}, {"number": "3"}], "totalCount": 2}
    assert difference(one, two) == "at '.nodes[1].number': 2 and 3"


@pytest.mark.parametrize(
    ("file", "room"),
    [
        ("schema/reads.py", "plan and parameters"),
        ("schema/lens.py", "graphql"),
        ("schema/answers.py", "encoding"),
        ("server/limits.py", "limits"),
        ("server/graphql_http.py", "http"),
        ("tenants/wire.py", "psycopg"),
        ("tenants/saving.py", "commands"),
        ("uuid.py", None),
    ],
)
def test_rooms_of_the_profile(file: str, room: str | None) -> None:
    assert room_of(file) == room


def test_places_are_the_same_on_every_machine() -> None:
    assert (
        place_of("/somewhere/lib/python3.11/site-packages/graphql/execution/executor.py")
        == "graphql/execution/executor.py"
    )
    assert place_of("<string>") == "<string>"
