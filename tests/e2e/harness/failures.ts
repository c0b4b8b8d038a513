/** Takes a picture of every open page when a test has failed, into `target/e2e`. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterEach } from "vitest";
import { TestBrowser } from "./browser";

const FOLDER = resolve(import.meta.dirname, "../../../target/e2e");

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  await mkdir(FOLDER, { recursive: true });
  const name = `${task.suite?.name ?? ""} ${task.name}`
    .trim()
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, 80);
  for (const [index, page] of TestBrowser.pages().entries()) {
    const path = join(FOLDER, `${name}${index === 0 ? "" : `-${index + 1}`}.png`);
    // The page may be gone already, which is no second failure.
    await page.screenshot({ path, timeout: 5000 }).catch(() => {});
  }
});
