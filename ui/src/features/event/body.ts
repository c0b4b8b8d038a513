/** An event's body: as text, as the bytes that came, and what is to be said of the difference. */
import type { EventDetail } from "../../api/schema";

type Body = Pick<EventDetail, "rawBody" | "rawBodyBase64" | "bodyTruncated" | "headers" | "sizeBytes">;

/** The exact bytes of the wire. */
export function wireBytes(event: Body): Uint8Array {
  if (event.rawBodyBase64 == null) return new TextEncoder().encode(event.rawBody ?? "");
  return Uint8Array.from(atob(event.rawBodyBase64), (character) => character.charCodeAt(0));
}

/** The value of the first header with this name in lower case. */
export function headerValue(event: Pick<EventDetail, "headers">, name: string): string | undefined {
  return event.headers.find(([key]) => key?.toLowerCase() === name)?.[1];
}

/** How the bytes are to be read: `UTF-8`, `gzip`, `binary`. */
export function encodingWords(event: Body): string {
  const coding = headerValue(event, "content-encoding")?.toLowerCase();
  if (coding && coding !== "identity" && event.rawBodyBase64 != null) return coding;
  return event.rawBody == null ? "binary" : "UTF-8";
}

/** What somebody has to know who looks at the body. */
export function bodyNotes(event: Body): string[] {
  const notes: string[] = [];
  const coding = headerValue(event, "content-encoding");
  if (event.rawBodyBase64 != null && event.rawBody != null) {
    notes.push(
      `The body came as ${coding ?? "other bytes"}; the payload shows it unpacked, the raw view as it came.`,
    );
  } else if (event.rawBody == null && event.rawBodyBase64 != null) {
    notes.push("The body is no UTF-8 text, so its bytes are shown.");
  }
  if (event.bodyTruncated) {
    notes.push("Only the beginning of the body was kept: it was refused at receipt and larger than 64 KiB.");
  }
  return notes;
}

const BYTES_PER_LINE = 16;

/** Bytes as people read them: `00000010  7b 22 69 64 …  {"id…`. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += BYTES_PER_LINE) {
    const line = bytes.subarray(offset, offset + BYTES_PER_LINE);
    const hex = Array.from(line, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const shown = Array.from(line, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."));
    lines.push(`${offset.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${shown.join("")}`);
  }
  return lines.join("\n");
}
