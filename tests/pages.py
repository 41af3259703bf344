"""Reading a page as a browser does: its elements with their attributes, and its forms with what stands in them."""

from html.parser import HTMLParser

from django.http import HttpResponse

Fields = dict[str, list[str]]


def body_of(answer: HttpResponse) -> str:
    """Return what an answer says, also one that is sent in pieces."""
    data = b"".join(answer) if answer.streaming else answer.content
    return data.decode("utf-8", "replace")


class Page(HTMLParser):
    """The elements of a page, its forms that are sent (where to, and what is in them as shown), and the fields of filters."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[tuple[str, Fields]] = []
        self.filters: set[str] = set()
        self._select = self._area = ""
        self._fields: Fields | None = None
        self._asks = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element; what can be filled in belongs to the form around it."""
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        name = given.get("name", "")
        match tag:
            case "form":
                self._fields, self._asks = {}, given.get("method", "").lower() != "post"
                if not self._asks:
                    self.forms.append((given.get("action", ""), self._fields))
            case "input" if given.get("type") in {"checkbox", "radio"}:
                self._fill(name, given.get("value", "on") if "checked" in given else None)
            case "input" | "button":
                shown = tag == "input" and given.get("type") not in {"submit", "file"}
                self._fill(name, given.get("value", "") if shown else None)
            case "select":
                self._select = name
                self._fill(name, None)
            case "option" if "selected" in given:
                self._fill(self._select, given.get("value", ""))
            case "textarea":
                self._area = name
                self._fill(name, "")

    def handle_endtag(self, tag: str) -> None:
        """Leave a form, or what is filled in over several elements."""
        if tag == "form":
            self.filters |= set(self._fields or ()) if self._asks else set()
            self._fields = None
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        """Keep what stands in a field of several lines."""
        if self._area and self._fields is not None:
            self._fields[self._area] = [data.removeprefix("\n")]

    def _fill(self, name: str, value: str | None) -> None:
        if name and self._fields is not None:
            self._fields.setdefault(name, []).extend([] if value is None else [value])
