/** A job's endpoint at its provider, in a tone and in words. */
import type { DriftKind, Endpoint, ManagedEndpoint, ManagedStatus, Mode } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { plural } from "../format/numbers";
import type { Tone } from "../ui/Status";

/** What an endpoint is sent: `*` stands for all. */
export const typesWords = (types: readonly string[]): string =>
  types.includes("*") ? "all event types" : plural(types.length, "event type");

/** Live or test, where the provider tells them apart. */
export const modeWords = (mode: Mode | null | undefined): string | null => (mode ? `${mode} mode` : null);

/** The same where it stands alone. */
export const MODE_WORDS: Record<Mode, string> = { live: "Live", test: "Test" };

/** "endpoint we_1, 12 event types, test mode". */
export const factsLine = ({ providerEndpointId, eventTypes, mode }: ManagedEndpoint): string =>
  [providerEndpointId ? `endpoint ${providerEndpointId}` : null, typesWords(eventTypes), modeWords(mode)]
    .filter(Boolean)
    .join(", ");

const STATUS_WORDS: Record<ManagedStatus, { tone: Tone; word: string }> = {
  creating: { tone: "busy", word: "Being set up" },
  enabled: { tone: "ok", word: "Sends" },
  disabled: { tone: "bad", word: "Turned off" },
  paused: { tone: "bad", word: "Paused by the provider" },
  missing: { tone: "bad", word: "Missing" },
};

/** How the endpoint stands, all that is known taken together. */
export function endpointState(managed: ManagedEndpoint): { tone: Tone; word: string } {
  const { status, drift, trouble } = managed;
  const own = STATUS_WORDS[status];
  if (status === "creating") return trouble ? { tone: "wait", word: "Not set up yet" } : own;
  if (status !== "enabled") return own;
  if (isHarmed(managed)) return { tone: "bad", word: "Not in line" };
  if (trouble) return { tone: "wait", word: "Not brought into line" };
  // What is sent beyond what is wanted harms nothing.
  return drift.length > 0 ? { tone: "ok", word: "Sends more than is wanted" } : own;
}

/** Whether events do not arrive or are refused because the endpoint is not as it should be. */
export const isHarmed = ({ drift }: ManagedEndpoint): boolean => drift.some(({ harmful }) => harmful);

/** The endpoint in one sentence. */
export function endpointSentence(endpoint: Endpoint, managed: ManagedEndpoint): string {
  const { providerLabel } = endpoint;
  const facts = factsLine(managed);
  switch (managed.status) {
    case "creating":
      return managed.trouble
        ? `The endpoint at ${providerLabel} is not set up yet.`
        : `The endpoint at ${providerLabel} is being set up.`;
    case "missing":
      return `The endpoint that Hookline made at ${providerLabel} is not there any more.`;
    case "disabled":
    case "paused":
      return `${providerLabel} does not send to this job at present: ${facts}.`;
    case "enabled":
      return isHarmed(managed)
        ? `The endpoint at ${providerLabel} is not as it should be: ${facts}.`
        : `${providerLabel} sends to this job: ${facts}.`;
  }
}

/** What a difference is called. */
export const DRIFT_WORDS: Record<DriftKind, string> = {
  url: "Another URL",
  eventTypes: "Other event types",
  disabled: "Turned off",
  paused: "Paused",
  missing: "Missing",
  secretUnknown: "Another secret",
};

/** What bringing it into line does: an endpoint that is gone or signs otherwise is made anew. */
export function mendWords({ drift }: ManagedEndpoint, provider: string): string {
  const kinds = new Set(drift.map(({ kind }) => kind));
  if (kinds.has("missing")) return `Makes a new endpoint at ${provider}. Its secret becomes the job's.`;
  if (kinds.has("secretUnknown")) {
    return `Makes a new endpoint at ${provider} and removes this one. The new one's secret becomes the job's; the present one counts for 24 hours more.`;
  }
  return `Changes the endpoint at ${provider} to what this job wants.`;
}

/** What is lost when the endpoint is removed. */
export const removalLoss = (provider: string): string =>
  `${provider} stops sending to this job. What happens at ${provider} from then on does not arrive here, and is not sent later either. What Hookline has received stays. A new endpoint can be set up at any time.`;

/** Whether the provider can be set up with a key at all. */
export const isSupported = (endpoint: Endpoint): boolean =>
  endpoint.obstacle?.code !== "endpoint_unsupported";

/** Why there is nowhere to send to, in one sentence; null where there is. */
export function noAddressWords({ obstacle, wantedUrl, providerLabel }: Endpoint): string | null {
  if (wantedUrl) return null;
  // An address that cannot be used is named.
  if (obstacle?.code === "public_url_missing" && obstacle.message.includes("://")) {
    return sentence(obstacle.message);
  }
  return `There is no public address yet that ${providerLabel} could send to.`;
}

/** What hinders beyond a key and an address, which are asked for where they are missing. */
export function otherObstacle({ obstacle }: Endpoint): Endpoint["obstacle"] {
  return obstacle && obstacle.code !== "api_key_missing" && obstacle.code !== "public_url_missing"
    ? obstacle
    : null;
}
