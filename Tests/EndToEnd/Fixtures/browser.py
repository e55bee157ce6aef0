"""Plays a person's browser at a sign-in page: follows redirects and fills in forms until a page has none to fill in.

usage: browser.py URL USER PASSWORD [THEN]

Prints the last page with its status; that of THEN, where it is given, fetched after the sign-in.
"""

import html.parser
import sys
import urllib.parse

import requests


class Forms(html.parser.HTMLParser):
    """The forms of a page: their addresses and their named fields."""

    def __init__(self):
        super().__init__()
        self.found: list[dict] = []

    def handle_starttag(self, tag: str, attributes: list) -> None:
        values = dict(attributes)
        if tag == "form":
            self.found.append({"action": values.get("action") or "", "method": values.get("method", "get"), "fields": {}})
        elif self.found and tag in ("input", "button") and values.get("name"):
            fields = self.found[-1]["fields"]
            # Of several buttons a person presses the first.
            if values.get("type") == "submit" or tag == "button":
                if any(isinstance(value, tuple) for value in fields.values()):
                    return
                fields[values["name"]] = (values.get("value") or "",)
            else:
                fields[values["name"]] = values.get("value") or ""


def main() -> None:
    url, user, password = sys.argv[1:4]
    then = sys.argv[4] if len(sys.argv) > 4 else None
    session = requests.Session()
    data = None
    for _ in range(20):
        answer = session.request("POST" if data else "GET", url, data=data, allow_redirects=False, timeout=20)
        data = None
        if answer.is_redirect:
            url = urllib.parse.urljoin(url, answer.headers["location"])
            continue
        forms = Forms()
        forms.feed(answer.text)
        login = [f for f in forms.found if {"login", "username", "user_name", "password"} & f["fields"].keys()]
        if not login:
            if then:
                answer = session.get(then, timeout=20)
            print(answer.status_code, answer.text)
            return
        fields = {name: value[0] if isinstance(value, tuple) else value for name, value in login[0]["fields"].items()}
        for name in fields:
            if name in ("login", "username", "user_name"):
                fields[name] = user
            elif name == "password":
                fields[name] = password
        url, data = urllib.parse.urljoin(url, login[0]["action"]), fields
    sys.exit("the sign-in does not end")


if __name__ == "__main__":
    main()
