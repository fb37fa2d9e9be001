"""Somebody opens an application, signs in, and reads what it says; then an answer comes that nobody asked for."""

import sys
from urllib.parse import urljoin

import requests
from browser import ISSUER, browse

url, text = sys.argv[1:]
answer = browse(url)
assert (answer.status_code, answer.text) == (200, text), (answer.status_code, answer.text)
forged = urljoin(url, f"/callback?code=csc_{'A' * 43}&state=forged&iss={ISSUER}")
for stranger in (requests, requests.Session()):
    refused = stranger.get(forged, timeout=10)
    assert (refused.status_code, refused.text[:14]) == (400, "not signed in:"), (refused.status_code, refused.text)
print(f"signed in at {url}: {text}")
