/** Starting programs that never outlive the tests, however these end. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * Runs a program (`$@`) and kills it when standard input closes, which happens however the test process ends. SIGTERM is
 * passed on.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- & program=$!
trap 'kill -TERM "$program" 2>/dev/null' TERM
trap '' INT HUP
(cat <&3; kill -9 "$program") >/dev/null 2>&1 &
exec 3<&-
wait "$program"; code=$?
while kill -0 "$program" 2>/dev/null; do wait "$program"; code=$?; done
exit "$code"`;

/** A program that runs beside the tests. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #name: string;
  readonly #errors: string[] = [];

  constructor(name: string, executable: string, args: string[], environment: Record<string, string> = {}) {
    this.#name = name;
    const options = { env: { ...process.env, ...environment }, stdio: "pipe" } as const;
    this.#child =
      process.platform === "win32"
        ? spawn(executable, args, options)
        : spawn("sh", ["-c", GUARD, "guard", executable, ...args], options);
    // Read to the end, or the program would wait for somebody to read.
    createInterface(this.#child.stderr).on("line", (line) => {
      this.#errors.push(line);
      if (this.#errors.length > 200) this.#errors.shift();
    });
  }

  /** The first line of its standard output. */
  firstLine(): Promise<string> {
    return new Promise((resolve, reject) => {
      const lines = createInterface(this.#child.stdout);
      lines.once("line", resolve);
      this.#child.once("error", reject);
      this.#child.once("exit", (code) => {
        reject(new Error(`${this.#name} ended with ${code} before it said anything:\n${this.log()}`));
      });
    });
  }

  /** The end of what it wrote to standard error. */
  log(): string {
    return this.#errors.join("\n");
  }

  /** Asks it to end and waits until it has; its exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await ended;
    }
    this.#child.stdin.destroy();
    return this.#child.exitCode;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin.destroy();
    if (process.platform === "win32") this.#child.kill();
    await ended;
  }
}

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<unknown>((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
