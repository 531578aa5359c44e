"""Exports."""

SENTENCES: dict[str, tuple[str, str]] = {
    "export.ready": (
        "Your export is ready ({type}). It can be downloaded for a day.",
        "您的导出已就绪（{type}），可在一天内下载。",
    ),
    "export.not_allowed": (
        "The export was stopped: you do not have the right '{right}' any more. Ask an admin for it, and export again.",
        "导出已停止：您已没有权限“{right}”。请联系管理员授权后重新导出。",
    ),
    "export.narrowed": (
        "Since this file was made, what you may read was narrowed. Export again.",
        "此文件生成后，您可读取的内容已缩减。请重新导出。",
    ),
    "export.too_large": (
        "The export was stopped: its file would have more than {most} MiB. Export JSON, or ask the operator for it.",
        "导出已停止：文件将超过 {most} MiB。请导出为 JSON，或联系运营方处理。",
    ),
    "export.never_ended": (
        "The export was not completed in {attempts} attempts. Ask for it anew.",
        "导出在 {attempts} 次尝试后仍未完成，请重新发起。",
    ),
    "export.too_many": (
        "{most} of your exports are under way already. Wait until one of them is ready.",
        "您已有 {most} 个导出正在进行，请等待其中一个完成。",
    ),
}
