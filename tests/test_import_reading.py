"""Reading tables of text: encodings, line numbers and broken rows; and what a mapping may say. No database is needed."""

import gzip
import re
import tracemalloc
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tenants.config.checks import check
from tenants.config.definitions import Definition
from tenants.config.documents import read_document
from tenants.config.snapshot import TenantConfig
from tenants.imports import reading
from tenants.imports.formats import FileFormat
from tenants.imports.mapping import parse_mapping
from tenants.imports.reading import Row, Table, Unreadable, open_table
from tenants.problems import InvalidInput

DOCS = Path(__file__).parent.parent / "docs"


def table(content: bytes | str, **form: Any) -> Table:
    data = content.encode() if isinstance(content, str) else content
    return open_table(lambda _: BytesIO(data), "t.csv", FileFormat(**form))


def rows(content: bytes | str, **form: Any) -> list[Row]:
    return list(table(content, **form).rows())


def shown(found: list[Row]) -> list[tuple[int, int, list[str] | str]]:
    """Line numbers and cells, or the code of what is wrong."""
    return [(row.line, row.last, row.problem.code if row.problem else row.cells) for row in found]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("id,name\n1,Ünsal\n".encode(), "utf-8"),
        ("\ufeffid,name\n1,Ünsal\n".encode(), "utf-8-sig"),
        ("id,name\n1,Ünsal\n".encode("utf-16"), "utf-16"),
        ("id,name\n1,Ünsal\n".encode("utf-32"), "utf-32"),
        ("编号,名称\n1,张三\n".encode("gbk"), "gb18030"),
        ("编号,名称\n1,张三𠮷\n".encode("gb18030"), "gb18030"),
        (gzip.compress("编号,名称\n1,张三\n".encode("gbk"), mtime=0), "gb18030"),
    ],
)
def test_the_encoding_is_found(content: bytes, encoding: str) -> None:
    found = table(content)
    assert found.encoding == encoding
    assert found.header[0] in ("id", "编号")
    assert [row.cells[1] for row in found.rows()] in (["Ünsal"], ["张三"], ["张三𠮷"])


def test_western_text_is_not_taken_for_chinese() -> None:
    """Windows-1252 is often valid GB18030 too; single accents between Latin letters give it away."""
    text = "id,name\n" + "".join(f"{n},Müller Söhne Straße Übergröße façade número {n}\n" for n in range(50))
    found = table(text.encode("windows-1252"))
    assert found.encoding not in ("gb18030", "utf-8")
    assert next(found.rows()).cells[1].startswith("Müller Söhne")


def test_the_told_encoding_is_kept_to() -> None:
    assert rows("id\né\n".encode("latin-1"), encoding="latin-1")[0].cells == ["é"]
    assert rows("\ufeffid\né\n", encoding="utf-8")[0].cells == ["é"]
    with pytest.raises(Unreadable) as refusal:
        table("id\nabc\né\n".encode("latin-1"), encoding="utf-8")
    assert refusal.value.data == {"encoding": "utf-8", "position": 7}


def test_the_bad_byte_is_found_beyond_the_first_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 7)
    with pytest.raises(Unreadable) as refusal:
        table("id\nüüüü\n".encode() + b"\xff\n", encoding="utf-8")
    assert refusal.value.data["position"] == 12


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import.no_rows"),
        (b"\n\r\n  \n", "import.no_rows"),
        (b'"id\n1\n', "import.bad_header"),
        (gzip.compress(b"id\n" + b"1\n" * 100_000, mtime=0)[:-20], "import.no_file"),
        (b"\x1f\x8bno gzip at all", "import.no_file"),
    ],
)
def test_a_file_that_is_no_table(content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        table(content)
    assert refusal.value.code == code


def test_rows_know_their_lines() -> None:
    """Blank lines count and are no rows; a value with line breaks belongs to the line it begins on; any line end will do."""
    content = 'id,note\r\n1,a\r\n\r\n2,"b\r\nb\r\nb"\n ,\n"3","say ""hi"""\n4,e'
    assert shown(rows(content)) == [
        (2, 2, ["1", "a"]),
        (4, 6, ["2", "b\r\nb\r\nb"]),
        (8, 8, ["3", 'say "hi"']),
        (9, 9, ["4", "e"]),
    ]
    assert shown(rows("id\r1\r2\r")) == [(2, 2, ["1"]), (3, 3, ["2"])]
    assert table(content).lines == 9


def test_headers_lose_the_blanks_around_them() -> None:
    assert table("\ufeff id , 收货地址 ,\tname\n1,2,3\n").header == ("id", "收货地址", "name")


def test_rows_of_the_wrong_width_are_never_shifted() -> None:
    found = rows("a,b,c\n1,2,3\n1,2\n1,2,3,4\n4,5,6\n")
    assert shown(found) == [
        (2, 2, ["1", "2", "3"]),
        (3, 3, "import.field_count"),
        (4, 4, "import.field_count"),
        (5, 5, ["4", "5", "6"]),
    ]
    assert found[1].problem is not None
    assert "2 fields, the header has 3" in found[1].problem.text("en")


def test_a_quote_that_never_closes_costs_one_row() -> None:
    found = rows('a,b\n1,x\n2,"y\n3,z\n4,"fine"\n5,w\n')
    assert shown(found) == [
        (2, 2, ["1", "x"]),
        (3, 3, "import.bad_csv"),
        (4, 4, ["3", "z"]),
        (5, 5, ["4", "fine"]),
        (6, 6, ["5", "w"]),
    ]
    assert shown(rows('a,b\n1,x\n2,"y\n3,z\n')) == [(2, 2, ["1", "x"]), (3, 3, "import.bad_csv"), (4, 4, ["3", "z"])]


def test_quotes_inside_a_value() -> None:
    """An inch sign within a value is a value; text after a closing quote is a mistake."""
    assert shown(rows('a,b\n12" pipe,1\n"12" pipe,1\n')) == [(2, 2, ['12" pipe', "1"]), (3, 3, "import.bad_csv")]


def test_characters_that_cannot_be_kept() -> None:
    assert shown(rows("a,b\n1,x\x00y\n2,z\n")) == [(2, 2, "value.unprintable"), (3, 3, ["2", "z"])]


def test_a_line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 100)
    found = rows("a,b\n1,x\n" + "2," * 200 + "\n3,z\n")
    assert shown(found) == [(2, 2, ["1", "x"]), (3, 3, "import.bad_csv"), (4, 4, ["3", "z"])]


def test_a_large_file_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "large.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(b"id,text\n")
        for block in range(200):
            out.write(b"".join(b"%d,%s\n" % (block, b"x" * 90) for _ in range(500)))
    tracemalloc.start()
    try:
        found = open_table(lambda name: (tmp_path / name).open("rb"), path.name, FileFormat())
        assert sum(1 for _ in found.rows()) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.234,50", "1234.50"), ("1234,5", "1234.5"), ("-12", "-12"), ("1 234 567,8", "1234567.8"), ("0,05", "0.05")],
)
def test_decimal_commas(text: str, number: str) -> None:
    assert FileFormat(decimal_comma=True).decimal(text) == number


@pytest.mark.parametrize("text", ["1.5", "1,234.50", "12.34,5", "1,2,3", "abc", ",", "1."])
def test_numbers_that_could_mean_two_things_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"import\.not_decimal"):
        FileFormat(decimal_comma=True).decimal(text)


def test_dates() -> None:
    form = FileFormat(date_formats=("%d.%m.%Y", "%Y年%m月%d日 %H:%M"), time_zone="Asia/Shanghai")
    assert form.date("31.03.2026", None) == "2026-03-31"
    assert form.date_time("2026年3月31日 14:30", None) == "2026-03-31T14:30:00+08:00"
    assert form.date_time("2020-02-20 23:59:54", None) == "2020-02-20T23:59:54+08:00"
    assert form.date_time("2020-02-20T23:59:54Z", None) == "2020-02-20T23:59:54+00:00"
    assert form.date("03/31/26", "%m/%d/%y") == "2026-03-31"
    with pytest.raises(ValueError, match=r"value\.not_date"):
        form.date("2026-02-30", None)


HEAD = "orderloom-import: 1\nfiles:\n- {file: a.csv, record: customer, external_id: id, "


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it does not begin with 'orderloom-import: 1'"),
        ("orderloom-import: 2\nfiles: []", "it does not begin with"),
        ("orderloom-import: 1\nfiles: []", "files: at least one entry is needed"),
        ("orderloom-import: 1\na: 1\na: 2", "line 3: found duplicate key"),
        ("orderloom-import: 1\nfiles: &a [*a]", "more than 20000 parts"),
        ("orderloom-import: 1\nfiles: &a [{x: [1, 2, 3]}]\nencoding: klingon", "there is no encoding 'klingon'"),
        ("orderloom-import: 1\ntime_zone: Mars/Base\nfiles: []", "there is no time zone 'Mars/Base'"),
        (HEAD + "fields: {name: {column: n, mapp: {}}}}", "a.csv, fields.name.mapp: there is no such key here"),
        ("orderloom-import: 1\nfiles: [", "line 2: "),
        (HEAD + "fields: {name: {cases: []}}}", "a.csv, fields.name.cases: at least one entry is needed"),
        (
            HEAD + "fields: {name: {cases: [{when: {column: x}, then: y}]}}}",
            "give at least one of empty, equals, above, below",
        ),
        (HEAD + "fields: {name: {column: n, map: {true: x}}}}", "put quotes around True"),
        (HEAD + "fields: {name: {const: [1]}}}", "give a text, a number, a date, true or false"),
        (HEAD + "fields: 7}", "a.csv, fields: give keys with values here"),
        (HEAD + "fields: {}, delimiter: ';;'}", "a.csv, delimiter: "),
        (HEAD + "fields: {}, record: invoice}", "duplicate key"),
    ],
)
def test_mistakes_of_a_mapping_have_a_place(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_mapping(text)
    assert sentence in str(refusal.value)
    assert "<" not in "".join(str(part) for error in refusal.value.errors for part in error.path)


def test_what_is_said_of_all_files_holds_for_each() -> None:
    mapping = parse_mapping(
        "orderloom-import: 1\nempty: ['NULL', 0]\ndelimiter: ';'\nfiles:\n"
        '- {file: a, record: customer, external_id: id, fields: {}, delimiter: "\\t"}\n'
        "- {file: b, record: order, external_id: id, fields: {}, encoding: gbk,"
        " lines: {file: c, order: id, fields: {}, empty: []}}\n"
    )
    first, second = mapping.files
    assert (first.delimiter, first.empty) == ("\t", ("NULL", "0"))
    assert (second.delimiter, second.encoding) == (";", "gbk")
    assert isinstance(second.lines, FileFormat)
    assert (second.lines.delimiter, second.lines.empty, second.lines.encoding) == (";", (), "gbk")


def test_the_examples_can_be_used() -> None:
    """The mapping that the documentation shows, and the committed mappings and configurations."""
    (shown,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "imports.md").read_text(encoding="utf-8"), re.DOTALL)
    assert [file.record for file in parse_mapping(shown).files] == ["customer", "order"]
    examples = sorted(path.parent for path in (DOCS / "examples").glob("*/mapping.yaml"))
    assert [path.name for path in examples] == ["northwind", "tmall"]
    for example in examples:
        assert parse_mapping((example / "mapping.yaml").read_text(encoding="utf-8")).files
        definitions = read_document((example / "config.yaml").read_text(encoding="utf-8"))
        empty: dict[str, dict[str, Definition]] = {kind: {} for kind in definitions}
        config = TenantConfig("en", "UTC", "EUR", empty)
        assert check(config, definitions, None) == []
