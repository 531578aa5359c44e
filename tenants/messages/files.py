"""Files and attachments."""

SENTENCES: dict[str, tuple[str, str]] = {
    "file.name": (
        "'{name}' is no name of a file: 1 to {longest} characters, with an ending such as .pdf.",
        "“{name}”不是有效的文件名：1 至 {longest} 个字符，并带有 .pdf 之类的扩展名。",
    ),
    "file.kind": (
        "Files of the type '{type}' cannot be attached. These can: {endings}.",
        "不能附加“{type}”类型的文件，允许的类型：{endings}。",
    ),
    "file.ending": (
        "A file of the type '{type}' has a name that ends with {endings}; '{name}' does not.",
        "“{type}”类型的文件名应以 {endings} 结尾，“{name}”不符合。",
    ),
    "file.content": (
        "The content of '{name}' is not of the type '{type}'.",
        "“{name}”的内容不是“{type}”类型。",
    ),
    "file.empty": ("The file '{name}' is empty.", "文件“{name}”为空。"),
    "file.too_large": (
        "A file may have {most} MiB; this one has more.",
        "文件最大为 {most} MiB，该文件超出限制。",
    ),
    "file.too_many_loose": (
        "You have uploaded {most} files that hang on nothing yet. Attach some of them, or wait until they are forgotten.",
        "您已上传 {most} 个尚未关联的文件，请先关联其中一部分，或等待其自动清除。",
    ),
    "file.hangs": (
        "The file '{id}' hangs on another record, or at another place of this one. Upload it again.",
        "文件“{id}”已关联到其他记录或本记录的其他位置，请重新上传。",
    ),
}
