/** Which documents are looked at, as it stands in the address. */

export interface DocumentSearch {
  /** The destination's id. */
  destination?: string;
  collection?: string;
  /** The document's `_id`. */
  id?: string;
}

/** Reads an address; what cannot be read is left out. */
export function parseDocumentSearch(search: Record<string, unknown>): DocumentSearch {
  const read: DocumentSearch = {};
  for (const key of ["destination", "collection", "id"] as const) {
    const value = search[key];
    if (typeof value === "string" && value !== "") read[key] = value;
    else if (typeof value === "number") read[key] = String(value);
  }
  return read;
}
