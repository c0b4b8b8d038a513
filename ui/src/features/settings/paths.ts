/** Paths of the engine's machine, which may be another system than the browser's. */

const separatorOf = (path: string): string => (path.includes("\\") && !path.startsWith("/") ? "\\" : "/");

/** The folder that a file or folder lies in. */
export function parentOf(path: string): string {
  const separator = separatorOf(path);
  const trimmed = path.length > 1 ? path.replace(/[\\/]+$/, "") : path;
  const at = trimmed.lastIndexOf(separator);
  if (at < 0) return trimmed;
  const parent = trimmed.slice(0, at);
  // `/` and `C:\` keep their separator.
  return parent === "" || parent.endsWith(":") ? parent + separator : parent;
}

/** A file in a folder. */
export function inFolder(folder: string, name: string): string {
  const separator = separatorOf(folder);
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}

/** Where a backup is suggested to go: beside the data folder, named after the local day. */
export function suggestedBackup(dataDir: string, now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return inFolder(parentOf(dataDir), `hookline-backup-${day}.db`);
}
