"""What an app on a device opens as the browser: signs in, and follows the answer to the app."""

import sys

import requests
from browser import browse

answer = requests.get(browse(sys.argv[1], "http://127.0.0.1:"), timeout=10)
assert answer.status_code == 200, answer.status_code
