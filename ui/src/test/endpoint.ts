/** Sample answers of the control API about endpoints at providers and their keys. */
import type { Endpoint, KeyCheck, ManagedEndpoint, ProviderInfo } from "../api/schema";
import { stripe } from "./jobFixtures";

export const ENDPOINT_URL = "https://hooks.example.com/api/webhooks/default/job_1";

/** Stripe as the engine describes it to be set up with a key. */
export const stripeWithApi = {
  ...stripe,
  keyHelp: {
    help: "A restricted key (`rk_…`) is enough.",
    permissions: ["Webhook Endpoints, Event Destinations: Write"],
  },
} as ProviderInfo;

export const sampleManaged = (more: Partial<ManagedEndpoint> = {}): ManagedEndpoint => ({
  providerEndpointId: "we_1",
  url: ENDPOINT_URL,
  eventTypes: ["customer.created", "customer.deleted"],
  status: "enabled",
  mode: "test",
  createdAt: "2026-03-10T11:00:00Z",
  checkedAt: "2026-03-10T11:59:00Z",
  drift: [],
  trouble: null,
  ...more,
});

/** An endpoint that Hookline made, or, without `managed`, none that could be made now. */
export const sampleEndpoint = (
  managed: ManagedEndpoint | null = null,
  more: Partial<Endpoint> = {},
): Endpoint => ({
  state: managed ? (managed.status === "creating" ? "creating" : "managed") : "none",
  provider: "stripe",
  providerLabel: "Stripe",
  obstacle: null,
  wantedUrl: ENDPOINT_URL,
  wantedEventTypes: ["customer.created", "customer.deleted"],
  unselectable: [],
  managed,
  ...more,
});

export const NO_KEY: NonNullable<Endpoint["obstacle"]> = {
  code: "api_key_missing",
  message: "there is no API key of Stripe",
  hint: "Store an API key in the job's source.",
};

export const NO_ADDRESS: NonNullable<Endpoint["obstacle"]> = {
  code: "public_url_missing",
  message: "there is no public address that events could be sent to",
  hint: "Start a tunnel.",
};

export const TURNED_OFF: ManagedEndpoint["drift"] = [
  { kind: "disabled", message: "It is turned off at the provider.", harmful: true },
];

/** Stripe turned it off. */
export const disabledEndpoint = sampleEndpoint(sampleManaged({ status: "disabled", drift: TURNED_OFF }));

export const keyTaken: KeyCheck = {
  ok: true,
  account: { id: "acct_1", name: "Example Shop", mode: "test", restricted: true },
  keyHelp: stripeWithApi.keyHelp ?? null,
};

export const keyRefused: KeyCheck = {
  ok: false,
  account: null,
  keyHelp: stripeWithApi.keyHelp ?? null,
  error: {
    code: "provider_refused",
    message: "Stripe does not accept the API key",
    hint: "Store a valid API key in the job's source.",
  },
};
