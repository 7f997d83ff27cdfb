"""The page that lies in every bundle: what it is, and how to check it with anything else than camkeeper."""

from __future__ import annotations

README = """\
这是一个月的在线率证据包。This is one month's evidence of availability.

核验 / verify:      camkeeper verify 本文件 THIS_FILE
不需要配置、账本或网络。No configuration, ledger or network is needed.

ledger/segment.ckp  账本片段：月前一个已封状态起，至封账（未封账：至最近一次封记）
                    records from a sealed state before the month to its closing (or to the newest seal)
ledger/opening.json 片段开始时的状态，其 SHA-256 写在片段第一条封记里
                    what stood before them; its SHA-256 is in the seal that is the first record
ledger/heads.csv    每小时的链头，供双方与各自留存的核对
                    hourly heads, to be held against those that were kept
register.json       一机一档版本 versions of the register        policy.json  统计口径 accounting policies
windows.json        检修与剔除 agreed windows                     figures.json 各地点数字 figures of every site
devices.csv         每台设备的毫秒 milliseconds of every device   closings.json 封账与更正 closing and amendments
manifest.json       各文件的 SHA-256；manifest.sha256 是它自己的  SHA-256 of each part, and of itself
signatures.json     各方签名（Ed25519）signatures of the parties

片段格式 / the segment, integers big-endian: "CKP1", ledger id (16), created_ms i64, first seq - 1 u64, u64 0, u64 0,
hash before the first record (32), hash of the last (32), told until i64, u64, three counts u32 (records, agreements,
0), then records (kind u8, at_ms i64, length u32, body), then agreements (length u32, body).
hash_n = SHA-256(hash_(n-1) || seq u64 || kind u8 || at_ms i64 || length u32 || body)

import struct, hashlib, sys, zipfile
b = zipfile.ZipFile(sys.argv[1]).read("ledger/segment.ckp")
_, _, seq, _, _, head, last, _, _, n, _, _ = struct.unpack_from(">16sqQQQ32s32sqQIII", b, 4)
at = 4 + struct.calcsize(">16sqQQQ32s32sqQIII")
for seq in range(seq + 1, seq + 1 + n):
    kind, at_ms, length = struct.unpack_from(">BqI", b, at)
    body, at = b[at + 13 : at + 13 + length], at + 13 + length
    head = hashlib.sha256(head + struct.pack(">QBqI", seq, kind, at_ms, length) + body).digest()
print(seq, head.hex(), head == last)

不含：探测地址、账号口令、画面、谁看过画面。 Not in here: addresses, accounts, pictures, who looked at one.
"""
