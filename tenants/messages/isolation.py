"""What proofs of isolation try, what they do not, and what they find."""

SENTENCES: dict[str, tuple[str, str]] = {
    "isolation.answer_differs": (
        "{place} answers otherwise for an id of another company ({tables}) than for one that never existed.",
        "对其他公司的编号（{tables}），{place} 的应答与对不存在的编号的应答不同。",
    ),
    "isolation.changed": (
        "{place}, given ids of another company, changed rows of {tables}.",
        "向 {place} 提供其他公司的编号后，{tables} 中的数据发生了变化。",
    ),
    "isolation.told": (
        "{place} tells of another company.",
        "{place} 泄露了其他公司的内容。",
    ),
    "isolation.broken": (
        "{place} broke when it was given ids of another company.",
        "向 {place} 提供其他公司的编号时发生了内部错误。",
    ),
    "isolation.catalog": (
        "The database is not as it must be: {found}.",
        "数据库的状态不符合要求：{found}。",
    ),
    "isolation.tries_ids": (
        "Every operation that takes an id is called as one company with the ids of each kind of record of another; the answer must be that for an id that never existed, and no row of either may change.",
        "以一家公司的身份，用另一家公司各类记录的编号调用每个接受编号的操作；应答必须与不存在的编号一致，且双方的数据都不得变化。",
    ),
    "isolation.tries_reading": (
        "Every list, finder, search, count and export is read as one company, and may show neither an id nor a text of another.",
        "以一家公司的身份读取所有列表、查询、搜索、计数和导出，其中不得出现另一家公司的编号或文字。",
    ),
    "isolation.tries_catalog": (
        "The database itself is asked whether row security is forced on every table of companies, and whether the role that serves can pass it.",
        "直接检查数据库：公司的每张表是否都强制启用了行级安全，提供服务的角色是否能够绕过它。",
    ),
    "isolation.not_files": (
        "Not tried here: the content of files, and messages to the outside; tests of each version try these.",
        "此处不检验：文件内容和对外发送的消息；这些由每个版本的测试检验。",
    ),
    "isolation.not_live": (
        "Not tried here: live updates over sockets; tests of each version try these.",
        "此处不检验：通过 WebSocket 的实时更新；由每个版本的测试检验。",
    ),
    "isolation.not_processes": (
        "The proof is made by a process of its own, with the program and the database that serve you; what only the memory of another process could mix up is not seen.",
        "检验由独立进程完成，使用为您服务的同一程序和数据库；仅存在于其他进程内存中的混淆无法被发现。",
    ),
    "isolation.not_operators": (
        "It acts as an owner and a member of companies that are nobody's. It says nothing of the operator, who can reach the database itself.",
        "检验以不属于任何人的公司的所有者和成员身份进行，不涉及能够直接访问数据库的运营方。",
    ),
    "isolation.not_timing": (
        "How long answers take is not compared.",
        "不比较应答所用的时间。",
    ),
}
