// A web application that signs people in.
import { randomUUID } from "node:crypto";
import http from "node:http";
import * as client from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const here = `http://localhost:${PORT}`;
// Plain HTTP is for this machine: leave `execute` out where the issuer is `https`.
const config = await client.discovery(
  new URL(ISSUER), CLIENT_ID, undefined, client.ClientSecretBasic(CLIENT_SECRET),
  { execute: [client.allowInsecureRequests] },
);
const sessions = new Map(); // In your application: a store, with an expiry.

// What the answer must fit is kept in this browser's session: nobody else's answer does.
async function signIn(session) {
  session.verifier = client.randomPKCECodeVerifier();
  session.state = client.randomState();
  session.nonce = client.randomNonce();
  return client.buildAuthorizationUrl(config, {
    redirect_uri: `${here}/callback`, scope: "openid profile", state: session.state, nonce: session.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(session.verifier), code_challenge_method: "S256",
  });
}

// Checks `state`, `iss`, the ID token and its `nonce`, or throws.
async function signedIn(session, url) {
  const tokens = await client.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: session.verifier, expectedState: session.state, expectedNonce: session.nonce, idTokenExpected: true,
  });
  const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  return { user, tokens };
}

async function answer(request, response) {
  const url = new URL(request.url, here);
  const id = /(?:^|; )app=([\w-]+)/.exec(request.headers.cookie)?.[1];
  const session = sessions.get(id) ?? {};
  const go = (location, kept) => {
    // Another id with each step: one that was planted is worth nothing.
    const next = randomUUID();
    sessions.delete(id);
    sessions.set(next, kept);
    response.writeHead(303, { location, "set-cookie": `app=${next}; Path=/; HttpOnly; SameSite=Lax` }).end();
  };
  if (url.pathname === "/sign-in") return go(await signIn(session), session);
  if (url.pathname === "/callback") return go("/", await signedIn(session, url));
  if (session.user) return response.end(`hello ${session.user.preferred_username}`);
  return go("/sign-in", session);
}

http.createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(400).end(`not signed in: ${error.code ?? error.message}`));
}).listen(PORT, () => console.log(`listening at ${here}`));
