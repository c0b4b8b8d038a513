/** Names of keys as this system writes them. */
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** The modifier of shortcuts. */
export const MOD = isMac ? "⌘" : "Ctrl";

/** Mantine's notation (`mod+K`) as it is written on this system's keys. */
export const shownHotkey = (hotkey: string): string =>
  hotkey
    .split("+")
    .map(
      (key) =>
        ({ mod: MOD, shift: isMac ? "⇧" : "Shift", alt: isMac ? "⌥" : "Alt" })[key.toLowerCase()] ?? key,
    )
    .join(isMac ? "" : "+");
