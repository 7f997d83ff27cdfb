"""From bytes to plain values that know their lines.

The parser's events are folded here and not by `yaml.compose`: its C composer recurses, and a file of a hundred thousand
brackets ends the process with a segmentation fault (PyYAML 6.0.3, tried).

A scalar stays the text that was written. The field it stands in decides how to read it, so YAML's guesses (`no` is
false, `0123` is 83, `1:30` is 90, `411122110201` is a number and `2026-10-01` a date) do not exist here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from camkeeper.config.fault import Fault, Loc, dotted

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 24
MAX_ALIASED = 100_000
"""So many values may come from aliases (`*name`); nine lines of "billion laughs" would be 10^9."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})
# Line separators that YAML 1.1 counts and editors do not (line numbers would differ), and characters it forbids.
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)")


class Map(dict[str, Any]):
    """A mapping with the line of each key."""

    __slots__ = ("line", "lines", "size")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}
        self.size = 1


class Seq(list[Any]):
    """A list with the line of each item."""

    __slots__ = ("line", "lines", "size")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []
        self.size = 1


class UnreadableError(Exception):
    """The text is not one YAML document; nothing further can be said of it."""

    def __init__(self, line: int, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.line, self.zh, self.en = line, zh, en


@dataclass(slots=True)
class Document:
    """A file's values and the faults of its form (duplicate keys, tags)."""

    file: str
    root: Any
    lines_total: int
    faults: list[Fault] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """Return the line of `loc`, or of the nearest thing around it that exists."""
        at, line = self.root, 1
        for part in loc:
            try:
                line = at.lines[part]
            except (AttributeError, LookupError, TypeError):  # a scalar, an absent key, a key where a list is
                break
            at = at[part]
        return max(1, min(line, self.lines_total))


def decode(data: bytes) -> str:
    """Return the text of a configuration file; UnreadableError with a remedy for other encodings."""
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // 2**20
        raise UnreadableError(0, zh=f"文件超过 {limit} MiB", en=f"the file is larger than {limit} MiB")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in data[:2]:
        raise UnreadableError(
            1,
            zh="文件是 UTF-16 编码；请另存为 UTF-8，或执行：iconv -f UTF-16 -t UTF-8 旧文件 > 新文件",
            en="the file is UTF-16; save it as UTF-8, or run: iconv -f UTF-16 -t UTF-8 OLD > NEW",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error.start) from None
    text = text.removeprefix("\ufeff")
    odd = _ODD.search(text)
    if odd:
        code = f"U+{ord(odd.group()[0]):04X}"
        raise UnreadableError(
            text.count("\n", 0, odd.start()) + 1,
            zh=f"有不应出现的控制字符 {code}；请删除",
            en=f"a control character that does not belong here, {code}; delete it",
        )
    return text


def _not_utf8(data: bytes, start: int) -> UnreadableError:
    line = data.count(b"\n", 0, start) + 1
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return UnreadableError(line, zh="不是 UTF-8 文本；请另存为 UTF-8", en="not UTF-8 text; save the file as UTF-8")
    return UnreadableError(
        line,
        zh="不是 UTF-8 文本，像是 GB18030（GBK）；请另存为 UTF-8，或执行：iconv -f GB18030 -t UTF-8 旧文件 > 新文件",
        en="not UTF-8 text, it looks like GB18030 (GBK); save it as UTF-8, or run: iconv -f GB18030 -t UTF-8 OLD > NEW",
    )


def parse(file: str, text: str) -> Document:
    """Return the values of `text`; UnreadableError where it is not one YAML document."""
    total = text.count("\n") + (0 if text.endswith("\n") else 1)
    folder = _Folder(Document(file=file, root=None, lines_total=max(1, total)))
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            folder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, folder.document.lines_total) from None
    except yaml.YAMLError:
        raise UnreadableError(0, zh="不是 YAML 文本", en="not a YAML text") from None
    return folder.document


def _syntax(error: yaml.MarkedYAMLError, lines_total: int) -> UnreadableError:
    mark = error.problem_mark or error.context_mark
    line = min(mark.line + 1, lines_total) if mark else 0
    problem = str(error.problem or "cannot be read")
    if "\\t" in problem or "'\t'" in problem or "cannot start any token" in problem:
        return UnreadableError(
            line,
            zh="YAML 语法错误：此处字符不能开头（缩进请用空格，不要用 Tab；以 @ ` % 开头的文字请加引号）",
            en="YAML syntax: this character cannot start anything (indent with spaces, never tabs; quote text that "
            "begins with @ ` or %)",
        )
    context = f", {error.context}" if error.context else ""
    return UnreadableError(
        line,
        zh=f"YAML 语法错误：检查此行及上一行的缩进、冒号、引号与括号（{problem}）",
        en=f"YAML syntax: {problem}{context}; look at the indent, colons, quotes and brackets here and one line up",
    )


def _line0(event: yaml.Event) -> int:
    """Return the line of an event, counted from 0."""
    return event.start_mark.line if event.start_mark else 0


class _Folder:
    """Folds parser events into Map, Seq and str, without recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._stack: list[tuple[Map | Seq, str | None]] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open_anchors: set[str] = set()
        self._keys: list[str | None] = []  # of each open mapping: the key that waits for its value
        self._aliased = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Fold in one event."""
        if isinstance(event, yaml.ScalarEvent):
            self._tag(event)
            null = event.value in _NULLS and event.style in {None, ""} and event.tag is None
            self._value(None if null else event.value, event, event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._tag(event)
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise UnreadableError(
                    _line0(event) + 1,
                    zh="一个文件只能有一份文档；请删除这一行 ---",
                    en="one file holds one document; delete this ---",
                )

    def _tag(self, event: yaml.NodeEvent) -> None:
        if getattr(event, "tag", None) not in _TAGS:
            self._fault(
                _line0(event),
                zh="不使用 YAML 标签（! 开头）；若是文字请加引号",
                en="YAML tags (!...) are not used here; quote the text if it begins with !",
            )

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        line = _line0(event)
        if len(self._stack) >= MAX_DEPTH:
            raise UnreadableError(line + 1, zh="嵌套过深", en=f"nested deeper than {MAX_DEPTH} levels")
        if self._at_key():
            raise _odd_key(line + 1)
        box: Map | Seq = Map(line + 1) if isinstance(event, yaml.MappingStartEvent) else Seq(line + 1)
        self._stack.append((box, event.anchor))
        self._keys.append(None)
        if event.anchor:
            self._open_anchors.add(event.anchor)

    def _close(self) -> None:
        box, anchor = self._stack.pop()
        self._keys.pop()
        if anchor:
            self._open_anchors.discard(anchor)
        self._put(box, box.line, anchor, box.size)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = _line0(event) + 1
        if event.anchor in self._open_anchors:
            raise UnreadableError(line, zh="引用（*）指向它自身", en="an alias (*) of the thing it stands in")
        if event.anchor not in self._anchors:
            raise UnreadableError(
                line,
                zh="引用（*）没有对应的 & 定义；若是文字（如口令）请加引号",
                en="an alias (*) without its &; quote the text if it only begins with *",
            )
        value, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise UnreadableError(
                line, zh=f"引用（*）展开后超过 {MAX_ALIASED} 项", en=f"aliases (*) add more than {MAX_ALIASED} values"
            )
        if self._at_key() and not isinstance(value, str):
            raise _odd_key(line)
        self._put(value, line, None, size)

    def _value(self, value: str | None, event: yaml.ScalarEvent, anchor: str | None, size: int) -> None:
        self._put(value, _line0(event) + 1, anchor, size)

    def _at_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1][0], Map) and self._keys[-1] is None

    def _put(self, value: Any, line: int, anchor: str | None, size: int) -> None:
        if anchor:
            self._anchors[anchor] = (value, size)
        if not self._stack:
            self.document.root = value
            return
        box = self._stack[-1][0]
        box.size += size
        if isinstance(box, Seq):
            box.append(value)
            box.lines.append(line)
        elif self._keys[-1] is None:
            self._key(box, value, line)
        else:
            key, self._keys[-1] = self._keys[-1], None
            if not key.startswith("\0"):
                box[key] = value

    def _key(self, box: Map, value: str | None, line: int) -> None:
        if value is None:
            raise _odd_key(line)
        if value in box.lines:
            self._fault(
                line - 1,
                zh=f"重复的键（第一次在第 {box.lines[value]} 行）",
                en=f"duplicate key (first on line {box.lines[value]})",
                key=value,
            )
            self._keys[-1] = "\0duplicate"  # its value is read and dropped
            return
        box.lines[value] = line
        self._keys[-1] = value

    def _fault(self, line: int, *, zh: str, en: str, key: str | None = None) -> None:
        loc = self._loc()
        path = dotted((*loc, key) if key is not None else loc)
        self.document.faults.append(Fault(file=self.document.file, line=line + 1, path=path, en=en, zh=zh))

    def _loc(self) -> Loc:
        out: list[str | int] = []
        for (box, _), key in zip(self._stack, self._keys, strict=True):
            if isinstance(box, Seq):
                out.append(len(box))
            elif key is not None:
                out.append(key.lstrip("\0"))
        return tuple(out)


def _odd_key(line: int) -> UnreadableError:
    return UnreadableError(line, zh="键必须是一个词", en="a key must be one plain word")
