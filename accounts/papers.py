"""Papers for people who keep PDFs: one plain form for all of them, in a font that knows every name's letters."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONTS = Path(__file__).parent / "fonts"
INK, SOFT, LINE = (35, 32, 28), (110, 104, 96), (225, 219, 210)
LABEL_WIDTH, LINE_HEIGHT = 55, 6  # millimetres


class Paper(FPDF):
    """An A4 page or several. Put title, headings, facts and lines onto it, then take what is `finished`."""

    def __init__(self, kind: str) -> None:
        super().__init__(format="A4")
        self.kind = kind
        self.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
        self.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_margins(20, 20, 20)
        self.set_auto_page_break(True, margin=22)
        self.add_page()

    def head(self, text: str, below: str) -> None:
        """Write the title of the paper, with a soft line below it."""
        self.set_title(text)
        self._write(text, size=17, style="B", height=9)
        self._write(below, size=10, colour=SOFT)
        self.ln(4)

    def heading(self, text: str) -> None:
        """Begin a part."""
        self.ln(4)
        self._write(text, size=12, style="B", height=7)
        self.ln(1)

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write labels with their values beside them."""
        for label, value in rows:
            if self.will_page_break(2 * LINE_HEIGHT):
                self.add_page()
            self.set_font("DejaVu", "", 9.5)
            self.set_text_color(*SOFT)
            page, top = self.page, self.get_y()
            self.multi_cell(LABEL_WIDTH, LINE_HEIGHT, label, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            below = self.get_y()
            self.set_text_color(*INK)
            self.set_xy(self.l_margin + LABEL_WIDTH + 3, top)
            self.multi_cell(0, LINE_HEIGHT, value or "–", align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            if self.page == page:
                self.set_y(max(below, self.get_y()))

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines, each with a dash before it."""
        for line in lines:
            self._write(f"–  {line}", size=9.5)

    def finished(self) -> bytes:
        """Return the PDF."""
        return bytes(self.output())

    def footer(self) -> None:
        """Say at the foot of each page what this is, and which page of it."""
        self.set_y(-16)
        self.set_font("DejaVu", "", 8)
        self.set_text_color(*SOFT)
        self.cell(0, 5, f"{settings.SITE_NAME} · {self.kind} · {self.page_no()}/{{nb}}", align="C")

    def _write(
        self, text: str, *, size: float, style: str = "", colour: tuple[int, int, int] = INK, height: float = 6
    ) -> None:
        self.set_font("DejaVu", style, size)
        self.set_text_color(*colour)
        self.multi_cell(0, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
