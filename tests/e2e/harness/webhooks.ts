/** Signed webhooks, made here and not by the engine: this side's own reading of what providers document. */
import { createHmac, randomBytes } from "node:crypto";
import type { Job, Json } from "./hookline";

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** What the receiver answered. */
export interface Receipt {
  status: number;
  body: Json;
}

/** Stripe: HMAC-SHA256 over `t.body`, keyed with the whole secret as text. */
export function stripeHeaders(secret: string, body: string, at = nowSeconds()): Record<string, string> {
  const v1 = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
  return {
    "stripe-signature": `t=${at},v1=${v1}`,
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
  };
}

/** Close: HMAC-SHA256 over the timestamp and the body, keyed with the secret read as hexadecimal. */
export function closeHeaders(secret: string, body: string, at = nowSeconds()): Record<string, string> {
  const hash = createHmac("sha256", Buffer.from(secret, "hex")).update(`${at}${body}`).digest("hex");
  return { "close-sig-hash": hash, "close-sig-timestamp": `${at}` };
}

/** A secret as Stripe shows it when an endpoint is made. */
export const newStripeSecret = (): string => `whsec_${randomBytes(24).toString("base64url")}`;

export const newId = (prefix: string): string => `${prefix}_${randomBytes(9).toString("hex")}`;

/** A Stripe event about an object. */
export function stripeEvent(type: string, object: Json, more: Json = {}): Json {
  const { previous_attributes, ...rest } = more;
  return {
    id: newId("evt"),
    object: "event",
    api_version: "2024-06-20",
    created: nowSeconds(),
    data: { object, ...(previous_attributes ? { previous_attributes } : {}) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    ...rest,
  };
}

/** A customer as Stripe writes one. */
export function customer(id: string, name: string, more: Json = {}): Json {
  return {
    id,
    object: "customer",
    name,
    email: `${name.toLowerCase().replace(/[^a-z]+/g, ".")}@example.com`,
    balance: 0,
    currency: "eur",
    metadata: {},
    ...more,
  };
}

/** A Close event about a lead. */
export function closeLead(action: string, lead: Json, more: Json = {}): Json {
  const time = new Date().toISOString().replace("Z", "000");
  return {
    subscription_id: newId("whsub"),
    event: {
      id: newId("ev"),
      object_type: "lead",
      object_id: lead.id,
      action,
      lead_id: lead.id,
      organization_id: "orga_1",
      user_id: "user_1",
      request_id: newId("req"),
      date_created: time,
      date_updated: time,
      changed_fields: [],
      previous_data: {},
      data: lead,
      meta: {},
      ...more,
    },
  };
}

/** Posts a body as it is. */
export async function post(url: string, body: string, headers: Record<string, string>): Promise<Receipt> {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** Posts a Stripe event to a job, signed with its secret or another one. */
export function postStripe(
  job: Pick<Job, "url" | "secret">,
  event: Json,
  secret = job.secret,
): Promise<Receipt> {
  const body = JSON.stringify(event, null, 2);
  return post(job.url, body, stripeHeaders(secret, body));
}

/** Posts a Close event to a job. */
export function postClose(job: Pick<Job, "url" | "secret">, event: Json): Promise<Receipt> {
  const body = JSON.stringify(event);
  return post(job.url, body, closeHeaders(job.secret, body));
}
