/** An event's payload made ready to be sent again as another event. */
import type { EventDetail } from "../../api/schema";
import { formatJson } from "../../shared/json/format";

/** Providers that name the event's type in a header, not in the body. */
const TYPE_IN_HEADER = new Set(["github", "gitlab", "shopify", "lemon-squeezy", "generic"]);

export const hasTypeInHeader = (providerKind: string): boolean => TYPE_IN_HEADER.has(providerKind);

/** The payload, formatted where it is JSON; empty where it is no text. */
export function editableText(event: Pick<EventDetail, "rawBody">): string {
  const formatted = formatJson(event.rawBody ?? "");
  return formatted.ok ? formatted.text : (event.rawBody ?? "");
}

/**
 * Puts another event id in the place of `id`, because a receiver takes each id once. Undefined when the id does not stand in
 * the text as a value of its own (some providers send it in a header and get a new one anyway).
 */
export function withNewId(
  text: string,
  id: string,
  random: () => number = Math.random,
): { text: string; id: string } | undefined {
  const formatted = formatJson(text);
  if (!formatted.ok || id === "") return undefined;
  const { lines } = formatted;
  for (let line = 0; line < lines.count; line += 1) {
    if (lines.opens(line) || lines.start(line) !== line) continue;
    const { from, to } = lines.valueRange(line);
    if (formatted.text[from] !== '"' || lines.valueText(line) !== id) continue;
    const mark = Math.floor(random() * 36 ** 6)
      .toString(36)
      .padStart(6, "0");
    const next = `${id.replace(/_edit_[0-9a-z]{6}$/, "")}_edit_${mark}`;
    return {
      text: formatted.text.slice(0, from) + JSON.stringify(next) + formatted.text.slice(to),
      id: next,
    };
  }
  return undefined;
}
