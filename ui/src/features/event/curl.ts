/** An event's request as a command line. */
import type { EventDetail } from "../../api/schema";
import { wireBytes } from "./body";

type Request = Pick<
  EventDetail,
  "method" | "url" | "headers" | "rawBody" | "rawBodyBase64" | "bodyTruncated" | "sizeBytes"
>;

/** Headers of one connection (RFC 9110, section 7.6.1), and those that curl writes by itself. */
const LEFT_OUT = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Linux takes no argument of 128 KiB or more; quoting makes a text longer. */
const MAX_ARGUMENT_BYTES = 90_000;

/** How the engine shows a header that is the secret itself. */
const HIDDEN_VALUE = /^\(hidden\b/;

/** Whether this header's value is kept from the screen because it is the job's secret. */
export const isHiddenSecret = (value: string): boolean => HIDDEN_VALUE.test(value);

/** A text as one word for any POSIX shell: within single quotes nothing is special but the quote. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The command that sends the event's request once more, byte for byte, to `url`. */
export function curlCommand(event: Request, url: string): string {
  const command: string[] = [`curl ${shellQuote(withQuery(url, event.url))}`];
  // Without a body, curl would not POST by itself.
  command.push(`-X ${shellQuote(event.method)}`);
  const headers = event.headers.filter(([name]) => name && !LEFT_OUT.has(name.toLowerCase()));
  for (const [name = "", value = ""] of headers)
    command.push(`-H ${shellQuote(headerArgument(name, value))}`);
  if (!headers.some(([name]) => name?.toLowerCase() === "content-type")) {
    // curl would claim that the body is a form.
    command.push("-H 'content-type:'");
  }
  const plain = plainText(event);
  if (plain !== undefined) {
    command.push(`--data-binary ${shellQuote(plain)}`);
    return command.join(" \\\n  ");
  }
  command.push("--data-binary @-");
  return `printf '%s' '${base64(event)}' | base64 -d | ${command.join(" \\\n  ")}`;
}

function headerArgument(name: string, value: string): string {
  if (isHiddenSecret(value)) return `${name}: PUT-THE-SECRET-HERE`;
  // "name:" would take the header away; a semicolon sends it without a value.
  return value === "" ? `${name};` : `${name}: ${value}`;
}

/** The body, if it can stand on a command line as it is. */
function plainText(event: Request): string | undefined {
  if (event.rawBodyBase64 != null) return undefined;
  const text = event.rawBody ?? "";
  // curl takes a leading @ for a file's name; control characters do not survive a terminal.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (text.startsWith("@") || /[\u0000-\u0009\u000b-\u001f\u007f]/.test(text)) return undefined;
  return new TextEncoder().encode(text).length > MAX_ARGUMENT_BYTES ? undefined : text;
}

function base64(event: Request): string {
  if (event.rawBodyBase64 != null) return event.rawBodyBase64;
  const bytes = wireBytes(event);
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

/** With the query of the original request, which some providers sign. */
function withQuery(url: string, original: string): string {
  const query = original.indexOf("?");
  return query < 0 || url.includes("?") ? url : url + original.slice(query);
}
