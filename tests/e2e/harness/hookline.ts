/** A real `hookline serve` with a data directory of its own, and its control API. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, vi } from "vitest";
import { Program } from "./process";

/** The program under test: the one that `HOOKLINE_TEST_PROGRAM` names, else the debug build of this checkout. */
const PROGRAM =
  process.env.HOOKLINE_TEST_PROGRAM ?? resolve(import.meta.dirname, "../../../target/debug/hookline");

interface Ready {
  receiver: string;
  api: string;
  token: string;
  ui: string;
}

/** A job as its creation answers it. */
export interface Job {
  id: string;
  name: string;
  url: string;
  secret: string;
}

/** JSON as it comes; tests look into it freely. */
// biome-ignore lint/suspicious/noExplicitAny: the API's types are the UI's, and a test must not share them
export type Json = any;

export class Hookline {
  readonly dataDir: string;
  #ready: Ready | undefined;
  #program: Program | undefined;
  readonly #environment: Record<string, string>;

  private constructor(dataDir: string, environment: Record<string, string>) {
    this.dataDir = dataDir;
    this.#environment = environment;
  }

  /** Starts one on free ports with a new data directory; `environment` is added to that of the tests. */
  static async start(environment: Record<string, string> = {}): Promise<Hookline> {
    const hookline = new Hookline(await mkdtemp(join(tmpdir(), "hookline-e2e-")), environment);
    await hookline.startAgain();
    return hookline;
  }

  /** Starts on the same data directory, at the same addresses as before. */
  async startAgain(): Promise<void> {
    const address = (url: string | undefined) => (url ? new URL(url).host : "127.0.0.1:0");
    const { receiver, api } = this.#ready ?? {};
    this.#program = new Program(
      "hookline serve",
      PROGRAM,
      [
        "serve",
        "--data-dir",
        this.dataDir,
        "--listen",
        address(receiver),
        "--api",
        address(api),
        "--ready-json",
      ],
      // The keychain of whoever runs the tests is left alone.
      { RUST_BACKTRACE: "1", HOOKLINE_SECRETS: "file", ...this.#environment },
    );
    this.#ready = JSON.parse(await this.#program.firstLine()) as Ready;
  }

  /** Stops it as the system would; the data stay. */
  async stop(): Promise<void> {
    expect(await this.#program?.stop(), this.#program?.log()).toBe(0);
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.#program?.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  get ready(): Ready {
    if (!this.#ready) throw new Error("hookline serve is not started");
    return this.#ready;
  }

  /** A page's address, token included. */
  page(path = "/"): string {
    return `${this.ready.api}${path}#token=${this.ready.token}`;
  }

  /** A call of the control API; `path` begins behind `/api`. */
  async call(method: string, path: string, body?: Json): Promise<{ status: number; body: Json }> {
    const response = await fetch(`${this.ready.api}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.ready.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** The body of an answer that is a success. */
  async ask(method: string, path: string, body?: Json): Promise<Json> {
    const answer = await this.call(method, path, body);
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
    return answer.body;
  }

  /** Makes a source, a destination and a job between them; `more` holds what differs from the defaults. */
  async job(kind: string, destination: Json, more: Json = {}): Promise<Job> {
    const workspace = "/workspaces/default";
    const source = await this.ask("POST", `${workspace}/sources`, { name: kind, kind });
    const target = await this.ask("POST", `${workspace}/destinations`, destination);
    const { webhookConfig, ...rest } = more;
    const job = await this.ask("POST", `${workspace}/sync-jobs`, {
      name: `${kind} to ${target.name}`,
      type: "webhook",
      sourceId: source.id,
      destinationId: target.id,
      enabled: true,
      webhookConfig: { batchWaitMs: 10, ...webhookConfig },
      ...rest,
    });
    return { id: job.id, name: job.name, url: job.webhookUrl, secret: job.webhookSecret };
  }

  /** Takes the receiver's own address for the public one, and waits until it is proven to lead here. */
  async reachable(): Promise<void> {
    await this.ask("PATCH", "/tunnel", { kind: "own-url", on: true, url: this.ready.receiver });
    await vi.waitFor(
      async () => expect((await this.ask("GET", "/tunnel")).status.state, "the tunnel").toBe("online"),
      { timeout: 30_000, interval: 50 },
    );
  }

  /** The job as it is now, with its secret. */
  async show(job: Pick<Job, "id">): Promise<Json> {
    return await this.ask("GET", `/workspaces/default/sync-jobs/${job.id}?showSecret=true`);
  }

  /** The job's events, newest first. */
  async events(job: Pick<Job, "id">, query = ""): Promise<Json[]> {
    const page = await this.ask("GET", `/workspaces/default/sync-jobs/${job.id}/webhook/events?${query}`);
    return page.events;
  }

  /** One event, whole. */
  async event(job: Pick<Job, "id">, eventId: string): Promise<Json> {
    return await this.ask("GET", `/workspaces/default/sync-jobs/${job.id}/webhook/events/${eventId}`);
  }

  /** The job's counts by status. */
  async counts(job: Pick<Job, "id">): Promise<Json> {
    return (await this.ask("GET", `/workspaces/default/sync-jobs/${job.id}/webhook/stats`)).byStatus;
  }

  /** Waits until none of the job's events is pending or processing. */
  async settled(job: Pick<Job, "id">): Promise<void> {
    await vi.waitFor(
      async () => {
        const { pending, processing } = await this.counts(job);
        expect(pending + processing, "events without an outcome").toBe(0);
      },
      { timeout: 60_000, interval: 50 },
    );
  }

  /** Runs a command of the command line on this data directory; its standard output. */
  async command(...args: string[]): Promise<string> {
    const { execFile } = await import("node:child_process");
    return await new Promise((resolve, reject) => {
      const options = { maxBuffer: 64 * 1024 * 1024 };
      execFile(PROGRAM, ["--data-dir", this.dataDir, ...args], options, (error, stdout, stderr) =>
        error ? reject(new Error(`hookline ${args.join(" ")}: ${stderr}`)) : resolve(stdout),
      );
    });
  }
}

/** Local documents of this Hookline. */
export const LOCAL = { name: "Local documents", kind: "local" };
