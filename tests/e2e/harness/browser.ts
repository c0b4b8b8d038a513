/** A real Chromium and pages that remember everything that went wrong in them. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function executable(): string {
  const named = process.env.HOOKLINE_TEST_BROWSER;
  if (named) return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found)
    throw new Error("these tests need Chromium: run `cargo xtask setup`, or set HOOKLINE_TEST_BROWSER");
  return found;
}

export type Theme = "light" | "dark";

export const THEMES: Theme[] = ["light", "dark"];

export interface PageOptions {
  theme?: Theme;
  width?: number;
  height?: number;
  /** Runs in the page before anything of it does. */
  before?: string;
}

/** A page, with what went wrong in it. */
export interface Watched {
  page: Page;
  context: BrowserContext;
  /** Violations of the content security policy, errors in the console, uncaught errors. */
  problems: string[];
}

export class TestBrowser {
  static readonly #running = new Set<Browser>();
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
    TestBrowser.#running.add(browser);
  }

  /** Every page that is open at the moment. */
  static pages(): Page[] {
    return [...TestBrowser.#running]
      .flatMap((browser) => browser.contexts())
      .flatMap((context) => context.pages());
  }

  static async start(): Promise<TestBrowser> {
    return new TestBrowser(
      await chromium.launch({
        executablePath: executable(),
        headless: true,
        args: FLAGS,
        handleSIGINT: false,
      }),
    );
  }

  /** A page in a profile of its own. */
  async open(url: string, options: PageOptions = {}): Promise<Watched> {
    const { theme = "light", width = 1280, height = 800, before } = options;
    const context = await this.#browser.newContext({
      colorScheme: theme,
      viewport: { width, height },
      permissions: ["clipboard-read", "clipboard-write"],
      locale: "en-GB",
      timezoneId: "UTC",
      acceptDownloads: true,
    });
    context.setDefaultTimeout(20_000);
    const problems: string[] = [];
    await context.exposeFunction("hooklineTestProblem", (text: string) => void problems.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const { violatedDirective, blockedURI, sourceFile, lineNumber } = event;
        const text = `CSP: ${violatedDirective} blocked ${blockedURI} (${sourceFile}:${lineNumber})`;
        (window as unknown as { hooklineTestProblem: (text: string) => void }).hooklineTestProblem(text);
      });
    });
    if (before) await context.addInitScript({ content: before });
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(`uncaught: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        problems.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    await page.goto(url);
    // The page takes the token out of the address once it has it; to leave before that would leave without one.
    await page.waitForFunction(() => !location.hash.includes("token="));
    return { page, context, problems };
  }

  async stop(): Promise<void> {
    TestBrowser.#running.delete(this.#browser);
    await this.#browser.close();
  }
}
