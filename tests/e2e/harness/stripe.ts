/**
 * A stand-in for Stripe's API, as far as webhooks are set up through it: `/v1/webhook_endpoints` and `/v1/account`, as
 * <https://docs.stripe.com/api/webhook_endpoints> describes them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Json } from "./hookline";
import { newId, newStripeSecret } from "./webhooks";

/** An endpoint as Stripe holds it. */
export interface StripeEndpoint {
  id: string;
  url: string;
  enabled_events: string[];
  status: "enabled" | "disabled";
  metadata: Record<string, string>;
  secret: string;
}

const PATH = "/v1/webhook_endpoints";

export class Stripe {
  readonly endpoints: StripeEndpoint[] = [];
  /** What each request was, as `METHOD /path`. */
  readonly requests: string[] = [];
  /** While this is so, nothing is answered but failures. */
  fails = false;
  /** The one key that is taken. */
  readonly key: string;
  readonly #answers = new Map<string, Json>();
  readonly #server: Server;

  private constructor(key: string) {
    this.key = key;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(key = "rk_test_51HooklineE2eKey"): Promise<Stripe> {
    const stripe = new Stripe(key);
    await new Promise<void>((resolve) => stripe.#server.listen(0, "127.0.0.1", resolve));
    return stripe;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the stand-in does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { status, body } = this.#handle(request, Buffer.concat(parts).toString("utf8"));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  #handle(request: IncomingMessage, text: string): { status: number; body: Json } {
    const { method = "GET", headers } = request;
    const { pathname } = new URL(request.url ?? "/", "http://stripe");
    this.requests.push(`${method} ${pathname}`);
    if (this.fails) return refusal(403, "The key does not have the required permissions for this endpoint.");
    if (headers.authorization !== `Bearer ${this.key}`)
      return refusal(401, "Invalid API Key provided: sk_test_***");
    if (method !== "POST") return this.#serve(method, pathname, new URLSearchParams());
    if (headers["content-type"] !== "application/x-www-form-urlencoded")
      return refusal(400, "Requests are form-encoded.");
    // The first answer under a key is the answer for ever.
    const key = String(headers["idempotency-key"] ?? "");
    const before = this.#answers.get(key);
    if (before) return before;
    const answer = this.#serve(method, pathname, new URLSearchParams(text));
    if (key !== "" && answer.status === 200) this.#answers.set(key, answer);
    return answer;
  }

  #serve(method: string, pathname: string, form: URLSearchParams): { status: number; body: Json } {
    if (pathname === "/v1/account") {
      const settings = { dashboard: { display_name: "Example Shop" } };
      return { status: 200, body: { id: "acct_1", object: "account", settings } };
    }
    if (pathname === PATH && method === "GET") {
      const data = this.endpoints.map((endpoint) => shown(endpoint));
      return { status: 200, body: { object: "list", url: PATH, has_more: false, data } };
    }
    if (pathname === PATH && method === "POST") {
      const endpoint: StripeEndpoint = {
        id: newId("we"),
        url: "",
        enabled_events: [],
        status: "enabled",
        metadata: {},
        secret: newStripeSecret(),
      };
      fill(endpoint, form);
      if (endpoint.url === "" || endpoint.enabled_events.length === 0)
        return refusal(400, "Missing required param.");
      this.endpoints.push(endpoint);
      return { status: 200, body: { ...shown(endpoint), secret: endpoint.secret } };
    }
    const place = this.endpoints.findIndex(({ id }) => pathname === `${PATH}/${id}`);
    const endpoint = this.endpoints[place];
    if (!endpoint) return refusal(404, `No such webhook endpoint: '${pathname}'`);
    if (method === "DELETE") {
      this.endpoints.splice(place, 1);
      return { status: 200, body: { id: endpoint.id, object: "webhook_endpoint", deleted: true } };
    }
    if (method === "POST") fill(endpoint, form);
    return { status: 200, body: shown(endpoint) };
  }
}

function fill(endpoint: StripeEndpoint, form: URLSearchParams): void {
  const events = form.getAll("enabled_events[]");
  if (events.length > 0) endpoint.enabled_events = events;
  for (const [name, value] of form) {
    const entry = /^metadata\[(.+)\]$/.exec(name)?.[1];
    if (entry) endpoint.metadata[entry] = value;
    else if (name === "url") endpoint.url = value;
    else if (name === "disabled") endpoint.status = value === "true" ? "disabled" : "enabled";
  }
}

/** The secret is told once, when it is made. */
function shown({ secret: _, ...endpoint }: StripeEndpoint): Json {
  return { object: "webhook_endpoint", livemode: false, created: 1_735_689_600, ...endpoint };
}

const refusal = (status: number, message: string) => ({
  status,
  body: { error: { type: "invalid_request_error", message } },
});
