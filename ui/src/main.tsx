/** Starts the UI: chooses the host, loads what the first paint needs, mounts. */
import "@mantine/core/styles.css";
import "@mantine/charts/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./app/global.css";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { choosePlatform } from "./platform";
import { loadPreferences } from "./shared/state/preferences";

// Styles that libraries insert while running need the page's nonce: Mantine is given it as a property, the scroll lock
// of its dialogs reads this variable.
const nonce = document.querySelector<HTMLStyleElement>("style[nonce]")?.nonce;
if (nonce) Object.assign(globalThis, { __webpack_nonce__: nonce });

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

const host = await choosePlatform();
await loadPreferences();
const { App } = await import("./app/App");
flushSync(() => createRoot(root).render(<App nonce={nonce} />));
// Not in an animation frame: the desktop window is hidden until now, and a hidden window has none.
host.painted();
