"""Somebody wants a page that mod_auth_openidc protects. Run by main.rs, which starts Apache."""

import os

from browser import browse

answer = browse(f"http://localhost:{os.environ['PORT']}/secure/page.html")
assert (answer.status_code, answer.text) == (200, "behind the sign-in"), (answer.status_code, answer.text)
print("signed in through mod_auth_openidc")
