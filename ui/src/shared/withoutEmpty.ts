/** Without the entries that are undefined: they would stand in the address as such. */
export function withoutEmpty<T extends object>(search: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}
