/** The sections of the settings, in the order of the page. The ids are addresses (`/settings#data`) that menus use. */
export const SECTIONS = [
  { id: "appearance", label: "Appearance" },
  { id: "data", label: "Data" },
  { id: "notifications", label: "Notifications" },
  { id: "startup", label: "Startup" },
  { id: "receiving", label: "Receiving" },
  { id: "logs", label: "Logs" },
  { id: "keyboard", label: "Keyboard" },
  { id: "about", label: "About" },
] as const;

export type SectionId = (typeof SECTIONS)[number]["id"];
