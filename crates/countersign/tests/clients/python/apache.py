"""Somebody wants a page that mod_auth_openidc protects, and signs out again, here and there. Run by main.rs, which starts
Apache."""

import os
import time
from urllib.parse import parse_qs, quote, urlsplit

import requests

from browser import ISSUER, browse

APACHE = f"http://localhost:{os.environ['PORT']}"
PAGE = f"{APACHE}/secure/page.html"
BYE = f"{APACHE}/bye.html"


def look(browser):
    """What the page answers, without anything being done about it."""
    return browser.get(PAGE, allow_redirects=False, timeout=10)


def signed_in():
    browser = requests.Session()
    answer = browse(PAGE, browser=browser)
    assert (answer.status_code, answer.text) == (200, "behind the sign-in"), (answer.status_code, answer.text)
    assert look(browser).status_code == 200
    return browser


def asked_to_sign_in(answer):
    return answer.status_code == 302 and answer.headers["location"].startswith(f"{ISSUER}/oauth2/authorize?")


browser = signed_in()
print("signed in through mod_auth_openidc")

# Signed out at the server: Apache is told behind the browser's back, and its session is gone.
answer = browse(f"{ISSUER}/oauth2/logout", browser=browser)
assert "You are signed out" in answer.text, answer.text
until = time.monotonic() + 10
while not asked_to_sign_in(look(browser)):
    assert time.monotonic() < until, "Apache keeps its session"
    time.sleep(0.05)
print("back-channel logout ended mod_auth_openidc's session")

# Signed out at Apache, which sends them to the server with the ID token, and from there back.
browser = signed_in()
leave = browser.get(f"{APACHE}/secure/callback?logout={quote(BYE, safe='')}", allow_redirects=False, timeout=10)
there = urlsplit(leave.headers["location"])
assert f"{there.scheme}://{there.netloc}{there.path}" == f"{ISSUER}/oauth2/logout", leave.headers
query = parse_qs(there.query)
assert query["post_logout_redirect_uri"] == [BYE] and len(query["id_token_hint"]) == 1, query
back = browser.get(leave.headers["location"], allow_redirects=False, timeout=10)
assert (back.status_code, back.headers["location"]) == (303, BYE), (back.status_code, back.text)
assert browser.get(BYE, timeout=10).text == "signed out"
at_server = browser.get(look(browser).headers["location"], timeout=10)
assert 'type="password"' in at_server.text, at_server.text
print("signed out through mod_auth_openidc, there and at the server")
