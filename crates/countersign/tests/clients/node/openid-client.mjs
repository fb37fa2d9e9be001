// `openid-client` and `jose` against a running server. Run by main.rs, which registers the clients.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as client from "openid-client";
import { createRemoteJWKSet, importPKCS8, jwtVerify } from "jose";
import { Browser } from "./browser.mjs";

const { ISSUER, LOGIN, PASSWORD, SECRET_BASIC, SECRET_POST, SECRET_MACHINE, KEY_FILE, API_URL } = process.env;
const CALLBACK = "https://app.example.com/callback";
const BYE = "https://app.example.com/bye";
const insecure = { execute: [client.allowInsecureRequests] };
const checks = [];

async function check(what, run) {
  await run();
  checks.push(what);
  console.log(`ok ${what}`);
}

const discovered = (id, secret, authentication) =>
  client.discovery(new URL(ISSUER), id, secret, authentication, insecure);

// The whole flow of a browser, from the request to the tokens.
async function signIn(config, scope, options = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: CALLBACK, scope, state, nonce, code_challenge_method: "S256",
    code_challenge: await client.calculatePKCECodeChallenge(verifier), ...options.parameters,
  };
  const url = options.push
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP: options.dpop })
    : client.buildAuthorizationUrl(config, parameters);
  const browser = options.browser ?? new Browser();
  let shown = await browser.open(url, CALLBACK);
  if (shown.page?.includes('type="password"')) {
    shown = await browser.submit(shown, CALLBACK, { login: LOGIN, password: PASSWORD });
  }
  if (shown.page !== undefined) shown = await browser.submit(shown, CALLBACK, {}, "allow");
  return client.authorizationCodeGrant(config, shown.url, {
    pkceCodeVerifier: verifier, expectedState: state,
    ...(scope.includes("openid") && { expectedNonce: nonce, idTokenExpected: true }),
  }, options.resource && { resource: options.resource }, { DPoP: options.dpop });
}

const spa = await discovered("spa", undefined, client.None());
const jwks = createRemoteJWKSet(new URL(spa.serverMetadata().jwks_uri));

await check("metadata by OpenID Connect and by RFC 8414", async () => {
  const oauth2 = await client.discovery(new URL(ISSUER), "spa", undefined, client.None(), {
    ...insecure, algorithm: "oauth2",
  });
  assert.deepEqual(oauth2.serverMetadata(), spa.serverMetadata());
  assert.equal(spa.serverMetadata().issuer, ISSUER);
});

await check("code + PKCE, ID token, access token", async () => {
  const tokens = await signIn(spa, "openid profile email");
  const { payload } = await jwtVerify(tokens.access_token, jwks, { issuer: ISSUER, audience: ISSUER, typ: "at+jwt" });
  assert.equal(payload.sub, tokens.claims().sub);
  const user = await client.fetchUserInfo(spa, tokens.access_token, tokens.claims().sub);
  assert.equal(user.preferred_username, LOGIN);
  await jwtVerify(tokens.id_token, jwks, { issuer: ISSUER, audience: "spa" });
});

await check("refresh with rotation, and reuse is refused", async () => {
  const first = await signIn(spa, "openid");
  const second = await client.refreshTokenGrant(spa, first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.claims().sub, first.claims().sub);
  const third = await client.refreshTokenGrant(spa, second.refresh_token);
  for (let token of [first.refresh_token, third.refresh_token]) {
    await assert.rejects(client.refreshTokenGrant(spa, token), { error: "invalid_grant" });
  }
});

await check("revocation ends the session", async () => {
  const tokens = await signIn(spa, "openid");
  await client.tokenRevocation(spa, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(spa, tokens.refresh_token), { error: "invalid_grant" });
  await assert.rejects(client.fetchUserInfo(spa, tokens.access_token, tokens.claims().sub));
});

const key = await importPKCS8(await readFile(KEY_FILE, "utf8"), "ES256");
const web = {
  client_secret_basic: await discovered("web-basic", SECRET_BASIC, client.ClientSecretBasic(SECRET_BASIC)),
  client_secret_post: await discovered("web-post", SECRET_POST, client.ClientSecretPost(SECRET_POST)),
  private_key_jwt: await discovered("web-key", undefined, client.PrivateKeyJwt(key)),
};
for (const [method, config] of Object.entries(web)) {
  await check(`${method}: code, refresh, introspection`, async () => {
    const tokens = await signIn(config, "openid offline_access");
    const next = await client.refreshTokenGrant(config, tokens.refresh_token);
    const told = await client.tokenIntrospection(config, next.access_token);
    assert.equal(told.active, true);
    assert.equal(told.sub, tokens.claims().sub);
    await client.tokenRevocation(config, next.refresh_token);
    assert.equal((await client.tokenIntrospection(config, next.access_token)).active, false);
  });
}

for (const [method, config] of Object.entries({ none: spa, ...web })) {
  await check(`pushed request, ${method}`, async () => {
    const tokens = await signIn(config, "openid", { push: true });
    assert.equal(tokens.claims().aud, config.clientMetadata().client_id);
  });
}

await check("a pushed request is refused at the push, and is good for one code", async () => {
  const code_challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier());
  const good = { redirect_uri: CALLBACK, scope: "openid", code_challenge_method: "S256", code_challenge };
  const push = (parameters) => client.buildAuthorizationUrlWithPAR(spa, { ...good, ...parameters });
  await assert.rejects(push({ redirect_uri: "https://evil.example/" }), { error: "invalid_request", status: 400 });
  await assert.rejects(push({ resource: "https://evil.example/" }), { error: "invalid_target" });
  const browser = new Browser();
  await signIn(spa, "openid", { browser });
  const url = await push({});
  assert.equal((await browser.open(url, CALLBACK)).url.searchParams.get("error"), null);
  assert.equal((await browser.open(url, CALLBACK)).status, 400);
});

await check("a client that must push its requests", async () => {
  const pushing = await discovered("pushing", undefined, client.None());
  await signIn(pushing, "openid", { push: true });
  await assert.rejects(signIn(pushing, "openid"), { error: "invalid_request" });
});

await check("client credentials", async () => {
  const machine = await discovered("machine", SECRET_MACHINE, client.ClientSecretBasic(SECRET_MACHINE));
  const tokens = await client.clientCredentialsGrant(machine, { scope: "feed:read" });
  assert.equal(tokens.scope, "feed:read");
});

await check("DPoP: code, refresh, userinfo", async () => {
  const pair = await client.randomDPoPKeyPair("ES256");
  const dpop = client.getDPoPHandle(spa, pair);
  const tokens = await signIn(spa, "openid", { dpop });
  assert.equal(tokens.token_type, "dpop");
  const next = await client.refreshTokenGrant(spa, tokens.refresh_token, undefined, { DPoP: dpop });
  await client.fetchUserInfo(spa, next.access_token, tokens.claims().sub, { DPoP: dpop });
  await assert.rejects(client.refreshTokenGrant(spa, next.refresh_token), { error: "invalid_dpop_proof" });
});

await check("DPoP at a resource server that asks for nonces, and for proofs", async () => {
  const config = await discovered("spa-api", undefined, client.None());
  const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  const parameters = { resource: API_URL };
  const tokens = await signIn(config, "notes:read", { parameters, resource: API_URL, dpop });
  const ping = async (options) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
    return client.fetchProtectedResource(config, tokens.access_token, new URL(API_URL), "POST", body, undefined, options);
  };
  // It is asked for a nonce, which it keeps; from then on it has the next one before it needs it.
  for (let call = 0; call < 2; call += 1) {
    const answer = await ping({ DPoP: dpop });
    assert.equal(answer.status, 200);
    assert.ok(answer.headers.get("dpop-nonce"));
  }
  await assert.rejects(ping(), ({ cause: [{ scheme, parameters }] }) => {
    assert.equal(scheme, "dpop");
    assert.equal(parameters.error, "invalid_token");
    assert.equal(parameters.resource_metadata, new URL("/.well-known/oauth-protected-resource/mcp", API_URL).href);
    return true;
  });
});

await check("DPoP at the push binds the code", async () => {
  const dpop = client.getDPoPHandle(spa, await client.randomDPoPKeyPair("ES256"));
  const tokens = await signIn(spa, "openid", { dpop, push: true });
  assert.equal(tokens.token_type, "dpop");
  const other = client.getDPoPHandle(spa, await client.randomDPoPKeyPair("ES256"));
  const parameters = { dpop_jkt: await other.calculateThumbprint() };
  await assert.rejects(signIn(spa, "openid", { dpop, push: true, parameters }), { error: "invalid_request" });
});

await check("single sign-on, prompt=none, and no", async () => {
  const browser = new Browser();
  await signIn(spa, "openid", { browser });
  await signIn(spa, "openid", { browser, parameters: { prompt: "none" } });
  const url = client.buildAuthorizationUrl(spa, {
    redirect_uri: CALLBACK, scope: "openid", prompt: "none", code_challenge_method: "S256",
    code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
  });
  const refused = await new Browser().open(url, CALLBACK);
  assert.equal(refused.url.searchParams.get("error"), "login_required");
  assert.equal(refused.url.searchParams.get("iss"), ISSUER);
});

await check("signing out: at once with the ID token, after a question without", async () => {
  const silent = async (browser) => {
    const url = client.buildAuthorizationUrl(spa, {
      redirect_uri: CALLBACK, scope: "openid", prompt: "none", code_challenge_method: "S256",
      code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
    });
    return (await browser.open(url, CALLBACK)).url.searchParams.get("error");
  };
  for (const hinted of [true, false]) {
    const [browser, state] = [new Browser(), client.randomState()];
    const tokens = await signIn(spa, "openid", { browser });
    assert.equal(await silent(browser), null);
    const hint = hinted ? { id_token_hint: tokens.id_token } : {};
    const url = client.buildEndSessionUrl(spa, { post_logout_redirect_uri: BYE, state, ...hint });
    let shown = await browser.open(url, BYE);
    assert.equal(shown.page === undefined, hinted);
    if (!hinted) {
      assert.equal(await silent(browser), null);
      shown = await browser.submit(shown, BYE, {}, "yes");
    }
    assert.equal(shown.url.href, `${BYE}?state=${state}`);
    assert.equal(await silent(browser), "login_required");
    await assert.rejects(client.refreshTokenGrant(spa, tokens.refresh_token), { error: "invalid_grant" });
  }
});

console.log(`${checks.length} checks`);
