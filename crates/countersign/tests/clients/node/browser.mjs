// A browser that runs no scripts: cookies, redirects and forms.
export class Browser {
  #cookies = new Map();

  // Follows redirects until one leads to `callback`; gives that URL, or the page that is shown.
  async open(url, callback, init = {}) {
    for (let step = 0; step < 10; step += 1) {
      const answer = await this.#fetch(url, init);
      const next = answer.headers.get("location");
      if (next === null) return { page: await answer.text(), status: answer.status, url };
      url = new URL(next, url);
      init = {};
      if (url.href.startsWith(callback)) return { url };
    }
    throw new Error("redirected in circles");
  }

  // Sends the page's form with its hidden fields and these.
  async submit({ page, url }, callback, fields, button) {
    const form = /<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(page);
    const body = new URLSearchParams();
    for (const [input] of form[2].matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      body.set(attribute(input, "name"), attribute(input, "value"));
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    if (button) {
      const [pressed] = [...form[2].matchAll(/<button[^>]*>/g)].filter(([tag]) => tag.includes(`value="${button}"`))[0];
      body.set(attribute(pressed, "name"), button);
    }
    const action = new URL(decode(form[1]), url);
    return this.open(action, callback, { method: "POST", body, headers: { origin: action.origin } });
  }

  async #fetch(url, init) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...init.headers, ...(cookie && { cookie }) };
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return answer;
  }
}

function attribute(tag, name) {
  return decode(new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
}

function decode(text) {
  return text.replace(/&#(\d+);|&#x([0-9a-f]+);|&(amp|lt|gt|quot);/gi, (_, dec, hex, name) =>
    name ? { amp: "&", lt: "<", gt: ">", quot: '"' }[name] : String.fromCodePoint(dec ? Number(dec) : parseInt(hex, 16)));
}
