"""Who reads the feed: the machine client, with a token that has the feed's scope."""

import os

import requests
import schemathesis


@schemathesis.auth(refresh_interval=60)
class FeedReader:
    def get(self, case, context):
        credentials = (os.environ["PROOF_CLIENT"], os.environ["PROOF_CLIENT_SECRET"])
        form = {"grant_type": "client_credentials", "scope": "feed:read"}
        answer = requests.post(f"{os.environ['PROOF_URL']}/oauth2/token", auth=credentials, data=form, timeout=30)
        return answer.json()["access_token"]

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"
