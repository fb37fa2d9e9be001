// One session at a Countersign server, shared by all tabs of this origin. Copy it; the README tells why it is so.

/** The session is over (signed out anywhere, expired, taken back), or there never was one: sign in. */
export class SessionEnded extends Error {}

const ATTEMPTS = 3;
const REPLY_MILLISECONDS = 10_000;

export class Session extends EventTarget {
    /** What a tab knows of the session; null: nobody is signed in. Replaced as a whole, never changed in place. */
    #state = null;
    #queue = Promise.resolve();
    #api; #inMemory; #name; #ear; #mouth;

    /** Fires `change` whenever what is known of the session changes, in whichever tab that was. */
    constructor({ api = location.origin, delivery = "cookie" } = {}) {
        super();
        this.#api = new URL(api);
        this.#inMemory = delivery === "body";
        this.#name = `countersign ${delivery} ${this.#api.origin}`;
        // Two ends, since a channel does not hear itself: see #caughtUp.
        [this.#ear, this.#mouth] = [new BroadcastChannel(this.#name), new BroadcastChannel(this.#name)];
        this.#ear.addEventListener("message", ({ data }) => this.#hear(data));
        // Cookies outlive the tab, so what is known about them must too; it holds no token.
        if (!this.#inMemory) this.#state = JSON.parse(localStorage.getItem(this.#name));
        else this.#mouth.postMessage({ asks: true });
    }

    get signedIn() { return this.#state !== null; }

    signIn(login, password) {
        return this.#alone(async () => {
            const delivery = this.#inMemory ? "body" : "cookie";
            const { status, answer } = await this.#post("sign-in", { login, password, delivery });
            if (status !== 200) throw new Error(answer.title);
            this.#keep(answer, 0);
        });
    }

    /** As `fetch`, but signed in. Only for the server that the session is at: nobody else may see a token. */
    async fetch(path, init) {
        const request = new Request(new URL(path, this.#api), init);
        if (new URL(request.url).origin !== this.#api.origin) throw new TypeError(`not at ${this.#api.origin}`);
        // No timer: a tab that nobody uses must not keep its session alive.
        if (Date.now() >= this.#live().refreshAt) await this.#refresh(this.#live());
        const seen = this.#live();
        const response = await this.#send(request.clone());
        if (response.status !== 401) return response;
        await this.#refresh(seen);
        return this.#send(request);
    }

    signOut() {
        return this.#alone(async () => {
            const { session, refreshToken } = this.#live();
            const { status, answer } = await this.#post("sign-out", { refresh_token: refreshToken });
            if (status !== 204) throw new Error(answer.title);
            this.#end(session);
        });
    }

    /** Trades the refresh token for the next, unless that was done since `seen`, here or in another tab. */
    #refresh(seen) {
        return this.#alone(async () => {
            const state = this.#live();
            if (state !== seen) return;
            // The same token and the same retry key each time: if the server acted but its reply was lost, it knows us
            // by the key and repeats that reply, however late.
            const request = { refresh_token: state.refreshToken, retry: state.retry };
            const { status, answer } = await this.#post("refresh", request, ATTEMPTS);
            if (status === 200) return this.#keep(answer, state.turn + 1);
            // 400: the cookie is gone. Not the end if a tab signed in meanwhile (only possible without locks).
            if (status !== 401 && status !== 400) throw new Error(answer.title);
            if (this.#state === state) this.#end(state.session);
            this.#live();
        });
    }

    #live() {
        if (this.#state === null) throw new SessionEnded("the session has ended: sign in again");
        return this.#state;
    }

    /** Keeps what an answer brought, with a new retry key for its refresh token, and tells the other tabs. */
    #keep({ session_id: session, expires_in, access_token: accessToken, refresh_token: refreshToken }, turn) {
        const retry = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
            .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
        const refreshAt = Date.now() + expires_in * 900; // when a tenth is left
        this.#take({ session, turn, retry, refreshAt, accessToken, refreshToken });
        this.#mouth.postMessage({ state: this.#state });
    }

    #end(session) {
        this.#hear({ ended: session });
        this.#mouth.postMessage({ ended: session });
    }

    #hear({ asks, state, ended }) {
        if (asks && this.#state !== null) this.#mouth.postMessage({ state: this.#state });
        if (state) this.#take(state);
        if (ended && ended === this.#state?.session) this.#set(null);
    }

    /** Takes `state` if it is news. Of two keys made in the same turn (without locks) all tabs take the same one. */
    #take(state) {
        const known = this.#state;
        const news = state.session !== known?.session || state.turn > known.turn
            || (state.turn === known.turn && state.retry > known.retry);
        if (news) this.#set(state);
    }

    #set(state) {
        this.#state = state;
        if (!this.#inMemory) localStorage.setItem(this.#name, JSON.stringify(state));
        this.dispatchEvent(new Event("change"));
    }

    /** Does `work` while no other tab does any: knowing what they did before, and heard before they go on. */
    #alone(work) {
        const informed = async () => {
            await this.#caughtUp();
            try { return await work(); } finally { await this.#caughtUp(); }
        };
        if (navigator.locks) return navigator.locks.request(this.#name, informed);
        // Without Web Locks tabs collide, and send the same retry key: the server gives both the same successor.
        return (this.#queue = this.#queue.catch(() => {}).then(informed));
    }

    /** Resolves once all that was posted before is heard: a lock may be handed on faster than words travel, and a tab
        that slept has all of them before it. */
    #caughtUp() {
        const word = crypto.randomUUID();
        return new Promise((resolve) => {
            const hear = ({ data }) => {
                if (data.word !== word) return;
                this.#ear.removeEventListener("message", hear);
                resolve();
            };
            this.#ear.addEventListener("message", hear);
            this.#mouth.postMessage({ word });
        });
    }

    #send(request) {
        if (this.#inMemory) request.headers.set("authorization", `Bearer ${this.#live().accessToken}`);
        return fetch(request, { credentials: this.#inMemory ? "omit" : "include" });
    }

    async #post(path, content, attempts = 1) {
        for (let attempt = 1; ; attempt += 1) {
            try {
                const response = await fetch(new URL(`/api/v1/${path}`, this.#api), {
                    method: "POST",
                    headers: { "content-type": "application/json" },
                    body: JSON.stringify(content),
                    credentials: this.#inMemory ? "omit" : "include",
                    signal: AbortSignal.timeout(REPLY_MILLISECONDS),
                });
                const { status } = response;
                const answer = status === 204 ? null : await response.json();
                if (status !== 503 || attempt === attempts) return { status, answer };
            } catch (error) {
                if (attempt === attempts) throw error;
            }
            await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
        }
    }
}
