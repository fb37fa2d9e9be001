const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const post = (url, fields, headers = {}) =>
  fetch(url, { method: "POST", body: new URLSearchParams({ client_id: "app", ...fields }), headers });
// With a header that only agents send.
const discover = async () => {
  const headers = { "mcp-protocol-version": "2025-11-25" };
  const found = await fetch(`${issuer}/.well-known/oauth-authorization-server`, { headers });
  const metadata = await found.json();
  await (await fetch(metadata.jwks_uri)).json();
  return metadata;
};

async function push() {
  const metadata = await discover();
  sessionStorage.verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sessionStorage.verifier));
  const pushed = await post(metadata.pushed_authorization_request_endpoint, {
    response_type: "code", redirect_uri: callback, scope: "openid profile", state: "s",
    code_challenge: base64url(digest), code_challenge_method: "S256",
  });
  const { request_uri, expires_in } = await pushed.json();
  const query = new URLSearchParams({ client_id: "app", request_uri });
  sessionStorage.request = `${metadata.authorization_endpoint}?${query}`;
  return { status: pushed.status, expires_in };
}

async function exchange() {
  const metadata = await discover();
  const code = new URLSearchParams(location.search).get("code");
  const given = await post(metadata.token_endpoint, {
    grant_type: "authorization_code", code, redirect_uri: callback, code_verifier: sessionStorage.verifier,
  });
  const tokens = await given.json();
  const ask = () =>
    fetch(metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  const user = await (await ask()).json();
  const next = await post(metadata.token_endpoint, {
    grant_type: "refresh_token", refresh_token: tokens.refresh_token,
  });
  const { refresh_token } = await next.json();
  const revoked = await post(metadata.revocation_endpoint, { token: refresh_token });
  return {
    token_type: tokens.token_type, user: user.preferred_username, refreshed: next.status, revoked: revoked.status,
    after: (await ask()).status,
  };
}

async function withProof() {
  const refused = await post(`${issuer}/oauth2/token`, { grant_type: "refresh_token" }, { dpop: "none" });
  return { status: refused.status, error: (await refused.json()).error };
}

async function challenge() {
  return (await fetch(`${issuer}/oauth2/userinfo`)).headers.get("www-authenticate");
}

async function isClosed(path) {
  try {
    await fetch(`${issuer}${path}`);
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
}
