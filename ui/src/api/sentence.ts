/** Names that are written like this at the beginning of a sentence, too. */
const NAMES = /^(?:ngrok|cloudflared)\b/;

/** The engine writes messages as parts of a line; on a screen they are sentences: a capital and a full stop. */
export function sentence(text: string): string {
  const begun = NAMES.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
