/** Files that lie beside the page: both hosts serve the built UI from the page's own origin. */

/** A JSON file of `ui/public`, such as `/licences.json`; undefined when this build does not have it. */
export async function readAsset(path: `/${string}.json`): Promise<unknown> {
  const response = await fetch(path);
  if (!response.ok) return undefined;
  // A development server answers a missing file with the page.
  return response.json().catch(() => undefined);
}
