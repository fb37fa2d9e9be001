import * as client from "openid-client";
import { ISSUER, CLIENT_ID } from "./settings.js";

const here = new URL(".", location.href).href;
// Plain HTTP is for this machine: leave `execute` out where the issuer is `https`.
const config = await client.discovery(
  new URL(ISSUER), CLIENT_ID, undefined, client.None(), { execute: [client.allowInsecureRequests] },
);
// A key that no script can carry away: with a copy of the tokens alone nobody does anything.
const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256", { extractable: false }));

async function signIn() {
  const [verifier, state] = [client.randomPKCECodeVerifier(), client.randomState()];
  sessionStorage.setItem("sign-in", JSON.stringify({ verifier, state }));
  location.assign(client.buildAuthorizationUrl(config, {
    redirect_uri: here, scope: "openid profile", state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  }));
}

async function signedIn() {
  const { verifier, state } = JSON.parse(sessionStorage.getItem("sign-in"));
  sessionStorage.removeItem("sign-in");
  const url = new URL(location.href);
  history.replaceState(null, "", here); // No code stays in the address.
  return client.authorizationCodeGrant(config, url, { pkceCodeVerifier: verifier, expectedState: state }, undefined, {
    DPoP: dpop,
  });
}

const shown = document.querySelector("output");
try {
  if (!new URL(location.href).searchParams.has("state")) await signIn();
  else {
    let tokens = await signedIn(); // In memory: after a reload the page signs in again, mostly without a question.
    tokens = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: dpop });
    const user = await client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck, { DPoP: dpop });
    shown.textContent = `hello ${user.preferred_username}`;
  }
} catch (error) {
  shown.textContent = `not signed in: ${error.code ?? error.message}`;
}
