"""A process of its own that sets one document as PDF: `python typeset.py template.typ < document.json > file.pdf`.

Apart from the server, so that what it takes of memory is given back, a document that hangs it can be ended, and one
that brings it down brings nothing else down. It knows no Django, opens no connection, reads nothing but the template.

The document is set with the fonts that come with typst, as PDF/A and PDF/UA (kept for years, read aloud). Where it
holds characters that those fonts lack, it is set again with the machine's, and no longer calls itself PDF/A.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typst

STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]


def main(template: str) -> int:
    document = json.load(sys.stdin.buffer)
    inputs = {"document": json.dumps(document, ensure_ascii=False)}
    root = str(Path(template).parent)
    try:
        pdf = typst.compile(template, root=root, sys_inputs=inputs, ignore_system_fonts=True, pdf_standards=STANDARDS)
    except typst.TypstError:
        pdf = typst.compile(template, root=root, sys_inputs=inputs)
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
