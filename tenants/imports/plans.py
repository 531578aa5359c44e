"""An import before it begins: every file looked over, and the mapping held against it and against the tenant's fields."""

from collections.abc import Iterator
from dataclasses import dataclass

from tenants.config.snapshot import TenantConfig
from tenants.imports.binding import Binding
from tenants.imports.formats import FileFormat
from tenants.imports.mapping import LinesFile, Mapping, RecordFile, mapping_error
from tenants.imports.reading import Opener, Table, Unreadable, open_table
from tenants.imports.sources import Entries, Nested, Path, Source
from tenants.imports.targets import LINE, Group, Many, targets
from tenants.problems import FieldError, InvalidInput


@dataclass(frozen=True, slots=True)
class LinesPlan:
    """How the lines of orders are read from a file; ``shared`` when their orders are on the same rows."""

    table: Table
    binding: Binding
    order: str
    external_id: Source | None
    shared: bool


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How one file is read; ``number`` is its place in the mapping."""

    number: int
    record: str
    table: Table
    binding: Binding
    external_id: Source
    lines: LinesPlan | None


def plan_files(mapping: Mapping, config: TenantConfig, opener: Opener) -> list[FilePlan]:
    """Raises :class:`InvalidInput` that names every mistake of the mapping and every file that cannot be read."""
    planner = _Planner(config, opener)
    plans = [planner.plan(number, file) for number, file in enumerate(mapping.files)]
    if planner.errors:
        raise InvalidInput(planner.errors)
    return [plan for plan in plans if plan]


class _Planner:
    def __init__(self, config: TenantConfig, opener: Opener) -> None:
        self._config = config
        self._opener = opener
        self.errors: list[FieldError] = []

    def plan(self, number: int, file: RecordFile) -> FilePlan | None:
        path: Path = ("files", number)
        self.errors.extend(_misplaced_lines(file, path))
        table = self._open(file.file, file, (*path, "file"))
        lines = file.lines if isinstance(file.lines, LinesFile) else None
        lines_table = self._open(lines.file, lines, (*path, "lines", "file")) if lines else None
        if table is None or (lines is not None and lines_table is None):
            return None
        binding = self._bind(file, table, path)
        lines_plan = None
        if lines is not None and lines_table is not None:
            lines_plan = self._plan_lines(file, lines, lines_table, (*path, "lines"))
        return FilePlan(number, file.record, table, binding, file.external_id, lines_plan)

    def _open(self, name: str, form: FileFormat, path: Path) -> Table | None:
        zoned = FileFormat.model_construct(
            **{key: getattr(form, key) for key in FileFormat.model_fields}
            | {"time_zone": form.time_zone or self._config.time_zone}
        )
        try:
            return open_table(self._opener, name, zoned)
        except Unreadable as problem:
            self.errors.append(mapping_error(path, problem.code, name, **problem.data))
            return None

    def _bind(self, file: RecordFile, table: Table, path: Path) -> Binding:
        fields, target = file.fields, targets(file.record, self._config)
        binding = Binding(table, fields, target)
        self.errors.extend(binding.mistakes((*path, "fields")))
        self.errors.extend(binding.source_mistakes(file.external_id, (*path, "external_id")))
        if not isinstance(file.lines, Entries):
            return binding
        # Lines in columns of the order's own row are filled with the order.
        inline = Binding(table, Nested.model_construct({"lines": file.lines}), Group({"lines": Many(Group(LINE))}))
        self.errors.extend(inline.mistakes(path))
        whole = Group({**target.fields, "lines": Many(Group(LINE))}, optional=False)
        return Binding(table, Nested.model_construct({**fields.root, "lines": file.lines}), whole)

    def _plan_lines(self, file: RecordFile, lines: LinesFile, table: Table, path: Path) -> LinesPlan:
        binding = Binding(table, lines.fields, Group(LINE))
        self.errors.extend(binding.mistakes((*path, "fields")))
        self.errors.extend(binding.column_mistakes(lines.order, (*path, "order")))
        if lines.external_id is not None:
            self.errors.extend(binding.source_mistakes(lines.external_id, (*path, "external_id")))
        return LinesPlan(table, binding, lines.order, lines.external_id, shared=lines.file == file.file)


def _misplaced_lines(file: RecordFile, path: Path) -> Iterator[FieldError]:
    if file.record == "order" and file.lines is None:
        yield mapping_error((*path, "lines"), "import.bad_mapping", file.file, reason="orders need lines")
    if file.record != "order" and file.lines is not None:
        yield mapping_error((*path, "lines"), "import.bad_mapping", file.file, reason="only orders have lines")
