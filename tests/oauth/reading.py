"""What stands on a page, read the way a browser reads it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from oauth import devices


@dataclass
class Form:
    """A form as it stands: where it leads and what it sends."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    button: str = ""

    def send(self, client, page, **typed):
        """Send it from the page with this address."""
        address = urljoin(f"http://testserver{page}", self.action)
        return client.post(address, {**self.fields, **typed})


class Page(HTMLParser):
    """Forms, links and headings, in their order."""

    def __init__(self, answer):
        super().__init__()
        self.forms, self.links, self.texts, self.tags = [], [], [], []
        self.inline = ""
        self.feed(answer.content.decode())

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag == "form":
            self.forms.append(Form(found.get("method", ""), found.get("action", "")))
        elif tag == "input" and self.forms:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        elif tag == "a":
            self.links.append(found["href"])

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script" and self.cdata_elem:
            self.inline += data
            return
        if data.strip():
            self.texts.append(data.strip())
        if self.tags and self.tags[-1][0] == "button" and data.strip():
            self.forms[-1].button = self.forms[-1].button or data.strip()

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    @property
    def strange(self):
        """What a browser would run or fetch that is no file of this server."""
        fetched = ("script", "img", "iframe", "object", "embed")
        named = [found.get("src", "") for tag, found in self.tags if tag in fetched]
        events = [
            f"{tag} {name}"
            for tag, found in self.tags
            for name in found
            if name.startswith("on")
        ]
        strange = [name for name in named if not name.startswith("/static/")]
        return [*strange, *events, *self.inline.split()]

    def attributes(self, tag, **wanted):
        """Those of the first such element."""
        return next(
            found
            for name, found in self.tags
            if name == tag and wanted.items() <= found.items()
        )


def shown(browser, path):
    """The page at an address, for a person's browser."""
    answer = browser.client.get(path)
    assert answer.status_code == 200, answer.headers
    return Page(answer)


def policy(answer):
    """The directives of the answer's content security policy."""
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return {name: rest for name, _, rest in (part.partition(" ") for part in parts)}


def begin(app, *scopes):
    """The code that a device of the application shows."""
    return devices.begin(app.row, scopes or ["scans_read"]).user_code


def to_the_question(browser, app, mount="/oauth"):
    """The page that asks about a device, and the answer that brought it."""
    path = f"{mount}/device"
    answer = (
        shown(browser, path).forms[0].send(browser.client, path, user_code=begin(app))
    )
    assert answer.status_code == 200
    return Page(answer), answer
