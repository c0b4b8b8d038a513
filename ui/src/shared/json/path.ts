/** Places within a JSON document. */

/** Keys and positions from the root to a value. */
export type JsonPath = readonly (string | number)[];

const PLAIN_KEY = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** A path as people write it: `data.object.items[0]["custom.cf_1"]`; the root is `$`. */
export function pathText(path: JsonPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!PLAIN_KEY.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  // A path that begins with a bracket needs something that the bracket belongs to.
  return text === "" || text.startsWith("[") ? `$${text}` : text;
}
