"""What imports say of files, columns and rows."""

SENTENCES: dict[str, tuple[str, str]] = {
    "import.bad_mapping": ("The mapping cannot be used: {place}: {reason}.", "映射无法使用：{place}：{reason}。"),
    "import.unknown_field": (
        "The mapping cannot be used: {place}: there is no field '{name}' here. Fields: {names}.",
        "映射无法使用：{place}：此处没有字段“{name}”。可用字段：{names}。",
    ),
    "import.needs_leaf": (
        "The mapping cannot be used: {place}: this is one value; name a column, or give const, template or cases.",
        "映射无法使用：{place}：这里是单个值，请给出列名、const、template 或 cases。",
    ),
    "import.needs_link": (
        "The mapping cannot be used: {place}: this is another record; name the column that holds its external id.",
        "映射无法使用：{place}：这里引用另一条记录，请给出保存其外部编号的列。",
    ),
    "import.needs_group": (
        "The mapping cannot be used: {place}: this has fields of its own; give each a column.",
        "映射无法使用：{place}：这里有下级字段，请分别给出列。",
    ),
    "import.needs_many": (
        "The mapping cannot be used: {place}: this is a list; give one entry of fields for each item.",
        "映射无法使用：{place}：这里是列表，请为每一项给出字段。",
    ),
    "import.no_column": (
        "The mapping cannot be used: {place}: the file has no column '{column}'. Columns: {columns}.",
        "映射无法使用：{place}：文件没有“{column}”列。现有列：{columns}。",
    ),
    "import.double_column": (
        "The mapping cannot be used: {place}: the file has more than one column '{column}'. Rename them in the file.",
        "映射无法使用：{place}：文件有多个“{column}”列，请在文件中改名。",
    ),
    "import.no_file": ("{place}: the file cannot be read: {reason}.", "{place}：无法读取文件：{reason}。"),
    "import.no_rows": ("{place}: the file is empty.", "{place}：文件为空。"),
    "import.bad_header": (
        "{place}: line {line}, which should name the columns, cannot be read: {reason}",
        "{place}：第 {line} 行应为列名，但无法读取：{reason}",
    ),
    "import.bad_text": (
        "{place}: the file is not text in {encoding}: see byte {position}. Name its encoding in the mapping.",
        "{place}：文件不是 {encoding} 编码的文本：见第 {position} 字节。请在映射中注明编码。",
    ),
    "import.field_count": (
        "The row has {count} fields, the header has {expected}. A comma inside a value must be quoted.",
        "该行有 {count} 个字段，表头有 {expected} 个。值中的逗号须加引号。",
    ),
    "import.bad_csv": ("The row is no valid CSV: {reason}.", "该行不是有效的 CSV：{reason}。"),
    "import.not_mapped": (
        "{value} is not in the mapping's map, which has: {known}.",
        "{value} 不在映射的 map 中，其中有：{known}。",
    ),
    "import.not_decimal": (
        "{value} is not a number with a decimal comma, such as 1.234,50.",
        "{value} 不是使用小数逗号的数字，例如 1.234,50。",
    ),
    "import.unknown_reference": ("There is no {type} known as {value}.", "没有编号为 {value} 的{type}。"),
    "import.out_of_sight": (
        "Another {type} is known as {value} already, and your rights are not of it. Use another external id, or ask whoever has it.",
        "已存在编号为 {value} 的{type}，但不在您的权限范围内。请使用其他外部编号，或联系其负责人。",
    ),
    "import.duplicate": (
        "The external id {value} is already on line {line}.",
        "外部编号 {value} 已出现在第 {line} 行。",
    ),
    "import.orphan": ("The line belongs to {value}, which is not in the file.", "该明细属于 {value}，但文件中没有。"),
    "import.lines_rejected": (
        "{count} of its lines were rejected: see {file}, line {lines}.",
        "其 {count} 行明细被拒绝：见 {file} 第 {lines} 行。",
    ),
    "import.left_out": (
        "Left out with it: {file}, line {lines}.",
        "随之略过：{file} 第 {lines} 行。",
    ),
    "import.refused": ("The database refused it: {reason}.", "数据库拒绝了该行：{reason}。"),
    "import.not_base64": ("The content is not base64.", "内容不是 base64 编码。"),
    "import.too_large": (
        "The files have {size} bytes; at most {most} are allowed here. Use the command line.",
        "文件共 {size} 字节，此处最多 {most} 字节，请使用命令行。",
    ),
    "import.dry_run": ("Dry run: nothing was written.", "试运行：未写入任何数据。"),
    "import.file": (
        "{file} ({encoding}): {read} rows read; {created} created, {updated} updated, {unchanged} unchanged, {rejected} rejected.",
        "{file}（{encoding}）：读取 {read} 行；新增 {created}，更新 {updated}，未变 {unchanged}，拒绝 {rejected}。",
    ),
    "import.file_with_left_out": (
        "{file} ({encoding}): {read} rows read; {created} created, {updated} updated, {unchanged} unchanged, {rejected} rejected, {left_out} left out with rejected orders.",
        "{file}（{encoding}）：读取 {read} 行；新增 {created}，更新 {updated}，未变 {unchanged}，拒绝 {rejected}，随被拒订单略过 {left_out}。",
    ),
    "import.status_kept": (
        "{file}: orders whose status was left as it is here, where the file has another: {count}. A status is imported with new orders only.",
        "{file}：状态与文件不同而保持不变的订单：{count}。状态只随新订单导入。",
    ),
    "import.rejected": ("{file}, line {lines}: ", "{file} 第 {lines} 行："),
    "import.rejected_as": ("{file}, line {lines} ({id}): ", "{file} 第 {lines} 行（{id}）："),
}
