/** The providers as people choose among them: the engine's list, and one more that is described by values. */
import type { ProviderInfo } from "../../api/schema";

export const GENERIC_KIND = "generic";

/** The engine does not list it, because it has no values of its own; everything else works with it. */
export const GENERIC: ProviderInfo = {
  kind: GENERIC_KIND,
  label: "Another sender",
  toleranceSeconds: null,
  secretHelp:
    "The secret that the sender signs with, as it was agreed on there; the source's description says how it is encoded.",
  setupSteps: [
    "Enter the webhook URL at the sender and set the secret there, or copy the sender's secret here.",
    "Send a test webhook. If a real one is refused, the rejected request tells what did not fit.",
  ],
  knownTypes: [],
} as ProviderInfo;

/** All that a source can be of, in the order in which they are shown. */
export const withGeneric = (listed: ProviderInfo[]): ProviderInfo[] =>
  listed.some(({ kind }) => kind === GENERIC_KIND) ? listed : [...listed, GENERIC];

/** The provider of this kind. */
export const providerOf = (listed: ProviderInfo[] | undefined, kind: string): ProviderInfo | undefined =>
  withGeneric(listed ?? []).find((provider) => provider.kind === kind);

/** The name shown for a kind; the kind itself where it is unknown. */
export const providerLabel = (listed: ProviderInfo[] | undefined, kind: string): string =>
  providerOf(listed, kind)?.label ?? kind;

/** Those that let the user type a secret of their own choice into a field. All others issue one that has to be pasted here. */
const CHOSEN_BY_USER = new Set(["github", "gitlab", "typeform", "lemon-squeezy", "calendly", GENERIC_KIND]);

/** Whether the provider makes the signing secret, so that the one Hookline made up is of no use to it. */
export const issuesSecret = (kind: string): boolean => !CHOSEN_BY_USER.has(kind);
