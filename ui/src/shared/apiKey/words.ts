/** What a check of an API key found, in words. */
import type { KeyAccount, KeyCheck } from "../../api/schema";
import { sentence } from "../../api/sentence";

/** "Example Shop (acct_1), test mode, restricted key". What the key may not see is left out. */
export function accountWords({ id, name, mode, restricted }: KeyAccount): string {
  const whose = name && id ? `${name} (${id})` : (name ?? id ?? null);
  return [
    whose ?? "The key may not see whose account it is",
    mode ? `${mode} mode` : null,
    restricted ? "restricted key" : null,
  ]
    .filter(Boolean)
    .join(", ");
}

/** Why a key is not taken; null where it is. */
export function refusalOf({ ok, error }: KeyCheck): { message: string; hint: string | undefined } | null {
  if (ok) return null;
  return {
    message: sentence(error?.message ?? "the provider does not say why"),
    hint: error?.hint ?? undefined,
  };
}

/** Where a key will lie, told where one is entered. `place` is where secrets are kept, as the engine's status has it. */
export function keptWords(place: string | undefined): string {
  switch (place) {
    case "keychain":
      return "Kept in the system's keychain; never shown again.";
    case "file":
      return "Kept in a file that only you can read; never shown again.";
    default:
      return "Kept with Hookline's other secrets; never shown again.";
  }
}
