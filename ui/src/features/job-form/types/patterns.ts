/** Event type patterns, by the engine's own rules: exact names, `*`, `customer.*`, `*.deleted`. */

/** Whether the pattern matches: `*` stands for any run of characters, dots included, everything else for itself. */
export function matches(pattern: string, type: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === type;
  const head = pattern.slice(0, star);
  if (!type.startsWith(head)) return false;
  let rest = type.slice(head.length);
  const pieces = pattern.slice(star + 1).split("*");
  const last = pieces.pop() ?? "";
  // Taking the first place at which a piece fits leaves the most room for those behind it.
  for (const piece of pieces) {
    const at = rest.indexOf(piece);
    if (at < 0) return false;
    rest = rest.slice(at + piece.length);
  }
  return rest.endsWith(last);
}

/** Whether a job with these patterns wants the type. No patterns want everything. */
export const wants = (patterns: readonly string[], type: string): boolean =>
  patterns.length === 0 || patterns.some((pattern) => matches(pattern, type));

/** How many of the known types the pattern matches. */
export const countMatches = (pattern: string, known: readonly string[]): number =>
  known.reduce((count, type) => (matches(pattern, type) ? count + 1 : count), 0);

/** "`customer.*` matches 27 of 258 known types", and what that means where it is none. */
export function describeMatches(pattern: string, known: readonly string[], provider: string): string {
  if (known.length === 0) return `${provider} has no list of types to compare with; any pattern is taken.`;
  const count = countMatches(pattern, known);
  const matched = `${pattern} matches ${count} of ${known.length} known types`;
  return count === 0 ? `${matched}. It is kept, but check its spelling.` : `${matched}.`;
}
